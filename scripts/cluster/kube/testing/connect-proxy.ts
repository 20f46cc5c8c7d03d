import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";

/** An HTTP proxy that opens tunnels, and records their targets. */
export class ConnectProxy implements Disposable {
  readonly connects: { to: string; authorization: string | undefined }[] = [];
  port = 0;
  readonly #server: Server = createServer();
  readonly #sockets = new Set<{ destroy(): void }>();

  static async start(): Promise<ConnectProxy> {
    const proxy = new ConnectProxy();
    const server = proxy.#server;
    server.on("connect", ({ url = "", headers }, client, head) => {
      proxy.connects.push({ to: url, authorization: headers["proxy-authorization"] });
      const { hostname, port } = new URL(`http://${url}`);
      const upstream: Socket = connect(Number(port), hostname, () => {
        client.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.write(head);
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [client, upstream]) {
        proxy.#sockets.add(socket);
        socket.on("error", () => {});
      }
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", resolve);
    await promise;
    const address = server.address();
    if (typeof address === "object" && address !== null) proxy.port = address.port;
    return proxy;
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
