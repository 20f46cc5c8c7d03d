import { HeaderList } from "../../traffic/headers.ts";
import type { Hop, RoutedRequest } from "../../traffic/resolve.ts";
import type { Exchange } from "../http/exchange.ts";
import { addUpgrade, isUpgrade } from "./upgrade.ts";
import { frameRequest } from "../http/framing.ts";
import { latin1 } from "../http/latin1.ts";

// Envoy and the queue proxy use these between themselves; a revision never sees them.
const INTERNAL_HEADERS = ["knative-serving-namespace", "knative-serving-revision"];

/** Makes a routed request what a revision gets, whatever the client and the rules wrote there. */
export function frameForRevision({ method, headers }: RoutedRequest, exchange: Exchange): void {
  for (const name of INTERNAL_HEADERS) headers.remove(name);
  frameRequest(headers, exchange.requestFraming, method);
  if (isUpgrade(exchange)) addUpgrade(headers);
}

/** The head of a request as HTTP/1.1 writes it. */
export function headOf({ method, target, headers }: RoutedRequest): Buffer {
  return latin1(`${method} ${target} HTTP/1.1\r\n${headers.toString()}\r\n`);
}

/** Where an answer of the mesh itself says that something is to be found. */
export function locationOf({ location }: { location: string | undefined }): HeaderList {
  return new HeaderList(location === undefined ? [] : ["location", location]);
}

/** The routes' changes to an answer, from the innermost hop outwards; the mesh's own answers get them too, as Envoy's do. */
export function changeResponse(headers: HeaderList, hops: readonly Hop[]): void {
  for (let depth = hops.length - 1; depth >= 0; depth--) {
    const hop = hops[depth] as Hop;
    const { destination = hop.drawn } = hop;
    if (destination !== undefined) headers.apply(destination.response);
    headers.apply(hop.rule.action.response);
  }
}
