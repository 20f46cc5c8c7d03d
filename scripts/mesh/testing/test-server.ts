import type { Exchange } from "../http/exchange.ts";
import { type HttpServer, serveHttp } from "../http/server.ts";
import { RawSocket } from "./raw-socket.ts";

/** The mesh's own server with the handler of a test, and its log. */
export class TestServer implements Disposable {
  readonly http: HttpServer;
  readonly exchanges: Exchange[] = [];
  /** The aborted exchanges, each as often as it was aborted. */
  readonly aborted: Exchange[] = [];

  /** @param onExchange by default requests are not answered */
  constructor(onExchange: (exchange: Exchange) => void = () => {}) {
    this.http = serveHttp({
      hostname: "127.0.0.1",
      port: 0,
      onExchange: (exchange) => {
        this.exchanges.push(exchange);
        exchange.onAbort = () => this.aborted.push(exchange);
        onExchange(exchange);
      },
    });
  }

  connect(): Promise<RawSocket> {
    return RawSocket.connect(this.http.port);
  }

  [Symbol.dispose](): void {
    this.http.terminate();
  }
}

/** Responds with the target. */
export function replyTarget(exchange: Exchange): void {
  exchange.reply(200, exchange.request.target);
}

/** Reads the whole body, and responds with it. */
export function replyBody(exchange: Exchange): void {
  const pieces: Buffer[] = [];
  exchange.readBody(
    (content) => pieces.push(content),
    () => exchange.reply(200, `${exchange.request.target} ${Buffer.concat(pieces).toString("latin1")}`),
  );
}

/** A request in HTTP/1.1; lines are its further fields. */
export function request(line: string, ...lines: string[]): string {
  return [`${line} HTTP/1.1`, "host: a.test", ...lines, "", ""].join("\r\n");
}

/** Returns the statuses of the received responses. */
export function statuses(text: string): string[] {
  return text.match(/HTTP\/1\.1 [0-9]+/g)?.map((line) => line.slice(9)) ?? [];
}
