import type { HeaderList } from "../../route-fields/headers/header-list.ts";
import type { UpstreamRequest } from "../http/client.ts";
import type { Exchange } from "../http/exchange.ts";

/** Whether the client requests an upgrade to WebSocket, the only protocol that Istio allows by default. */
export function isUpgrade({ request, requestFraming }: Exchange): boolean {
  return request.upgrade === "websocket" && requestFraming.kind === "none";
}

/**
 * Whether the client requests an upgrade to a protocol that is refused. For h2c the Upgrade field is ignored and
 * the request stays HTTP/1.1, as in Envoy.
 */
export function isRefusedUpgrade({ request }: Exchange): boolean {
  return request.upgrade !== undefined && request.upgrade !== "websocket" && request.upgrade !== "h2c";
}

/** Sets the fields that request the upgrade at the next hop. As in Envoy, rules can match them. */
export function addUpgrade(headers: HeaderList): void {
  headers.set("connection", "upgrade");
  headers.set("upgrade", "websocket");
}

/**
 * Opens the direction from client to revision after the revision has accepted the upgrade; the other direction is
 * open already. The tunnel has no time limit.
 * @param onEnd called when the client closes it
 */
export function openTunnel(exchange: Exchange, upstream: UpstreamRequest, onEnd: () => void): void {
  exchange.flush();
  exchange.onAbort = () => {
    // A graceful close, so that the revision can still read the client's last bytes.
    upstream.close();
    onEnd();
  };
  exchange.readTunnel((content) => {
    upstream.write(content);
    if (upstream.congested) exchange.pauseBody();
  });
}
