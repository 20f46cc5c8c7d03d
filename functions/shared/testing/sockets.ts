import { createServer, connect, type Socket } from "node:net";

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = await tcpServer(() => undefined);
  await server.close();
  return server.port;
}

/** A server that sends and receives raw bytes. */
export interface TcpServer {
  readonly port: number;
  readonly origin: string;
  /** The received requests, including their heads, in order. */
  readonly heads: readonly string[];
  readonly close: () => Promise<void>;
}

/** Listens on the loopback address and passes each request's connection to `answer`. */
export function tcpServer(answer: (socket: Socket, head: string) => void): Promise<TcpServer> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let received = "";
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (bytes) => {
      received += bytes.toString("latin1");
      const end = received.indexOf("\r\n\r\n");
      if (end === -1) return;
      const head = received.slice(0, end);
      received = received.slice(end + 4);
      heads.push(head);
      answer(socket, head);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("not listening on a port");
      const { port } = address;
      const close = () =>
        new Promise<void>((closed) => {
          for (const socket of sockets) socket.destroy();
          server.close(() => closed());
        });
      resolve({ port, origin: `http://127.0.0.1:${port}`, heads, close });
    });
  });
}

/** Sends bytes, and returns all received bytes when the other side closes or after `ms` milliseconds. */
export function exchangeBytes(port: number, bytes: string, ms = 2000): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    const timer = setTimeout(() => socket.destroy(), ms);
    socket.on("error", () => undefined);
    socket.on("data", (data) => (received += data.toString("latin1")));
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(received);
    });
  });
}
