import { Connection } from "./connection.ts";
import type { Exchange } from "./exchange.ts";

export interface HttpServerOptions {
  hostname: string;
  /** 0 chooses a free port. */
  port: number;
  /** Serves TLS with this certificate and key, both in PEM. */
  tls?: { cert: string; key: string } | undefined;
  /** Called for each request, as soon as its head is complete. */
  onExchange(exchange: Exchange): void;
}

export interface HttpServer {
  readonly port: number;
  /** Stops accepting, lets current exchanges finish, and resolves when every connection is closed. */
  stop(): Promise<void>;
  /** Closes every connection now. */
  terminate(): void;
}

/**
 * Starts an HTTP/1.1 server for a proxy. Unlike Bun.serve, it keeps the request target byte for byte and the order
 * of headers, streams bodies with back-pressure, and reports when a client disconnects. It answers malformed
 * requests itself; they do not reach `onExchange`.
 * @throws if the port is in use (error code EADDRINUSE) or not permitted (EACCES)
 */
export function serveHttp(options: HttpServerOptions): HttpServer {
  const connections = new Set<Connection>();
  const allClosed = Promise.withResolvers<void>();
  let stopping = false;
  const listener = Bun.listen<Connection | undefined>({
    hostname: options.hostname,
    port: options.port,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
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
      // Set after a FIN was sent, in case the client does not close its side.
      timeout: (socket) => void socket.end(),
      close(socket) {
        const connection = socket.data;
        if (!connection) return;
        connections.delete(connection);
        connection.closed();
        settle();
      },
      // A bug of this program: network errors are passed to `close`.
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
