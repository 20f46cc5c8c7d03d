import type { HeaderList } from "../../traffic/headers.ts";
import type { Listener } from "../../traffic/table.ts";
import { removeHopByHop } from "../http/framing.ts";

/** What the first proxy on the way does to a request's headers, before they are matched against the routes. */
export function addForwarded(
  headers: HeaderList,
  peer: string,
  listener: Listener,
  newRequestId: () => string,
): void {
  removeHopByHop(headers);
  const forwarded = headers.joined("x-forwarded-for");
  headers.set("x-forwarded-for", forwarded ? `${forwarded},${peer}` : peer);
  // At the edge what a client claims about its own connection does not count; within the cluster it is kept.
  if (listener === "ingress" || !headers.get("x-forwarded-proto")) headers.set("x-forwarded-proto", "http");
  if (!headers.get("x-request-id")) headers.set("x-request-id", newRequestId());
}
