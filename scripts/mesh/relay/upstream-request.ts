import { HeaderList } from "../../route-fields/headers/header-list.ts";
import type { Hop, Resolution, RoutedRequest } from "../../traffic/resolve.ts";
import { type Listener, isOfGateway, speaksTls } from "../../traffic/table.ts";
import type { Exchange } from "../http/exchange.ts";
import { frameRequest, removeHopByHop } from "../http/framing.ts";
import { latin1 } from "../http/outgoing.ts";
import { addUpgrade, isUpgrade } from "./upgrade.ts";

// Envoy and the queue proxy exchange these fields; a revision never gets them.
const INTERNAL_HEADERS = ["knative-serving-namespace", "knative-serving-revision"];

/** Changes a request's headers as the first proxy does, before the routes match them. */
export function addForwarded(
  headers: HeaderList,
  peer: string,
  listener: Listener,
  newRequestId: () => string,
): void {
  removeHopByHop(headers);
  const forwarded = headers.joined("x-forwarded-for");
  headers.set("x-forwarded-for", forwarded ? `${forwarded},${peer}` : peer);
  // The ingress does not trust the client's claim about its own connection; inside the cluster the claim is kept.
  if (listener === "ingress" || isOfGateway(listener) || !headers.get("x-forwarded-proto"))
    headers.set("x-forwarded-proto", speaksTls(listener) ? "https" : "http");
  if (!headers.get("x-request-id")) headers.set("x-request-id", newRequestId());
}

/** Completes a routed request for the revision: removes internal fields and sets the framing fields. */
export function frameForRevision({ method, headers }: RoutedRequest, exchange: Exchange): void {
  for (const name of INTERNAL_HEADERS) headers.remove(name);
  frameRequest(headers, exchange.requestFraming, method);
  if (isUpgrade(exchange)) addUpgrade(headers);
}

/** Encodes the head of a request in HTTP/1.1. */
export function headOf({ method, target, headers }: RoutedRequest): Buffer {
  return latin1(`${method} ${target} HTTP/1.1\r\n${headers.toString()}\r\n`);
}

/**
 * Returns the response that the mesh makes if a request reaches no revision.
 * @param locate as in `RelayOptions`
 */
export function ownReply(
  resolution: Exclude<Resolution, { kind: "revision" }>,
  locate: (location: string) => string = (location) => location,
): { content: string | Uint8Array; headers: HeaderList } {
  switch (resolution.kind) {
    case "nowhere":
      return { content: resolution.reason, headers: new HeaderList() };
    case "abort":
      return { content: Buffer.from("fault filter abort"), headers: new HeaderList() };
    case "direct":
      return { content: resolution.body, headers: location(resolution.location) };
    case "redirect":
      return { content: "", headers: location(resolution.location) };
  }

  function location(to: string | undefined): HeaderList {
    return new HeaderList(to === undefined ? [] : ["location", locate(to)]);
  }
}

/**
 * Applies the routes' changes to a response, from the innermost hop outwards. As in Envoy, they also apply to
 * responses of the mesh itself.
 */
export function changeResponse(headers: HeaderList, hops: readonly Hop[]): void {
  for (const { response } of hops.toReversed()) {
    for (const change of response) headers.apply(change);
  }
}
