import { Connection } from "./connection.ts";
import type { Exchange } from "./exchange.ts";

export interface HttpServerOptions {
  hostname: string;
  /** 0 lets the system choose. */
  port: number;
  /** Called for each request, as soon as its head is complete. */
  onExchange(exchange: Exchange): void;
}

export interface HttpServer {
  readonly port: number;
  /** Stops accepting, lets what is under way end, and resolves when every connection is closed. */
  stop(): Promise<void>;
  /** Closes every connection now. */
  terminate(): void;
}

/**
 * An HTTP/1.1 server that keeps what a proxy must not lose: the request target byte for byte, the order of
 * headers, bodies as a stream with back-pressure, and the moment the client goes away. (Bun.serve normalises
 * the path before a handler sees it.) Malformed requests are answered here and never reach `onExchange`.
 * @throws when the port is taken (error code EADDRINUSE) or not permitted (EACCES)
 */
export function serveHttp(options: HttpServerOptions): HttpServer {
  const connections = new Set<Connection>();
  const allClosed = Promise.withResolvers<void>();
  let stopping = false;
  const listener = Bun.listen<Connection | undefined>({
    hostname: options.hostname,
    port: options.port,
    exclusive: true,
    socket: {
      open(socket) {
        socket.setNoDelay(true);
        const connection = new Connection(socket, options.onExchange);
        socket.data = connection;
        connections.add(connection);
        if (stopping) connection.drain();
      },
      data: (socket, bytes) => socket.data?.receive(bytes),
      drain: (socket) => socket.data?.outgoing.flush(),
      // Only set for a client that does not close its side: what was sent to it still reaches it.
      timeout: (socket) => void socket.end(),
      close(socket) {
        const connection = socket.data;
        if (!connection) return;
        connections.delete(connection);
        connection.closed();
        settle();
      },
      // An error of our own: the network's come to `close`.
      error(socket, error) {
        socket.terminate();
        reportError(error);
      },
    },
  });
  return {
    port: listener.port,
    stop() {
      if (!stopping) listener.stop(false);
      stopping = true;
      for (const connection of connections) connection.drain();
      settle();
      return allClosed.promise;
    },
    terminate() {
      listener.stop(true);
    },
  };

  function settle(): void {
    if (stopping && connections.size === 0) allClosed.resolve();
  }
}
