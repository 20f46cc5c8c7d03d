import type { UpstreamRequest } from "../http/client.ts";
import type { Exchange } from "../http/exchange.ts";

/**
 * Opens the way from the client to the revision after the revision agreed to another protocol; the way back is open
 * already. It stays open for as long as both sides like.
 * @param onEnd called when the client ends it
 */
export function openTunnel(exchange: Exchange, upstream: UpstreamRequest, onEnd: () => void): void {
  exchange.flush();
  exchange.onAbort = () => {
    // In order: what the client said last shall still be read.
    upstream.close();
    onEnd();
  };
  exchange.readTunnel((content) => {
    upstream.write(content);
    if (upstream.congested) exchange.pauseBody();
  });
}
