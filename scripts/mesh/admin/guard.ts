import { hostOf } from "../../traffic/hosts.ts";
import type { HeaderList } from "../../route-fields/headers/header-list.ts";

/** The properties that identify the origin of a request to the mesh's own paths. */
export interface Caller {
  /** The address of the client. */
  peer: string;
  /** The requested Host. */
  authority: string;
  headers: HeaderList;
}

/** The header that a change requires: a page of another origin cannot send it without a CORS preflight. */
export const CHANGE_HEADER = "x-kyc-mesh";

const LOCAL_HOSTS = new Set(["localhost", "127.0.0.1", "[::1]"]);
const LOCAL_PEERS = /^(127\.|::1$|::ffff:127\.)/;

/**
 * Returns why a request may not read the mesh's own paths, or undefined if it may. Requests must come from this
 * machine and name a host that always resolves to loopback, which excludes DNS rebinding.
 */
export function refusal({ peer, authority, headers }: Caller): string | undefined {
  if (!LOCAL_PEERS.test(peer)) return "the mesh shows itself to its own machine only";
  const host = hostOf(authority);
  if (!LOCAL_HOSTS.has(host) && !host.endsWith(".localhost")) {
    return "the mesh shows itself at localhost, 127.0.0.1, [::1] and names below localhost only: open http://127.0.0.1 with this port";
  }
  const site = headers.get("sec-fetch-site");
  const navigates = headers.get("sec-fetch-mode") === "navigate";
  if (site !== undefined && site !== "same-origin" && site !== "none" && !navigates) {
    return "a page of another origin may not read this";
  }
  return undefined;
}

/** Returns why a request may not change anything, or undefined if it may. */
export function changeRefusal(caller: Caller): string | undefined {
  const { authority, headers } = caller;
  const refused = refusal(caller);
  if (refused !== undefined) return refused;
  if (headers.get(CHANGE_HEADER) === undefined) return `a change needs the header ${CHANGE_HEADER}: 1`;
  const origin = headers.get("origin");
  if (origin !== undefined && origin.toLowerCase() !== `http://${authority.toLowerCase()}`) {
    return "a page of another origin may not change this";
  }
  const site = headers.get("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    return "a page of another origin may not change this";
  }
  return undefined;
}
