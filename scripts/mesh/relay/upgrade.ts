import type { HeaderList } from "../../traffic/headers.ts";
import type { Exchange } from "../http/exchange.ts";

/** Whether the client would go on in another protocol that is let through; of these Istio knows one. */
export function isUpgrade({ request, requestFraming }: Exchange): boolean {
  return request.upgrade === "websocket" && requestFraming.kind === "none";
}

/**
 * Whether the client wants a protocol that is not let through. One that only replaces HTTP/1.1 by something faster is
 * not among them: the wish is passed over, as Envoy does.
 */
export function isForeign({ request }: Exchange): boolean {
  return request.upgrade !== undefined && request.upgrade !== "websocket" && request.upgrade !== "h2c";
}

/** The fields that ask the next hop for that protocol; rules can match them, as in Envoy. */
export function addUpgrade(headers: HeaderList): void {
  headers.set("connection", "upgrade");
  headers.set("upgrade", "websocket");
}
