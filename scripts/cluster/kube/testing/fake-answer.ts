import type { ServerResponse } from "node:http";

/** How a fake API server answers one request: at once, or bit by bit. */
export class Answer {
  readonly #response: ServerResponse;
  /** Resolves when the connection is closed, or the answer has been sent. */
  readonly closed: Promise<void>;

  constructor(response: ServerResponse) {
    this.#response = response;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    response.on("close", resolve);
    response.on("error", () => resolve());
  }

  json(body: unknown, status = 200, headers: Record<string, string> = {}): void {
    this.#response.writeHead(status, { "content-type": "application/json", ...headers });
    this.#response.end(JSON.stringify(body));
  }

  empty(status: number): void {
    this.#response.writeHead(status);
    this.#response.end();
  }

  text(body: string, status = 200): void {
    this.#response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
    this.#response.end(body);
  }

  /** Refuses as the API server does. */
  refuse(code: number, reason: string, message: string, more: Record<string, unknown> = {}): void {
    this.json(statusOf(code, reason, message, more), code);
  }

  /** Begins an answer that comes bit by bit. */
  begin(): void {
    this.#response.writeHead(200, { "content-type": "application/json" });
    this.#response.flushHeaders();
  }

  /** Sends a part of it; resolves after it is sent. */
  write(part: string | Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#response.write(part, () => resolve());
    return promise;
  }

  /** Sends a line of a watch. */
  event(type: string, object: object): Promise<void> {
    return this.write(`${JSON.stringify({ type, object })}\n`);
  }

  /** Ends it in order. */
  end(): void {
    this.#response.end();
  }

  /** Ends it by closing the connection in the middle. */
  cut(): void {
    this.#response.socket?.destroy();
  }
}

/** The object with which the API server refuses. */
export function statusOf(
  code: number,
  reason: string,
  message: string,
  more: Record<string, unknown> = {},
): object {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    code,
    ...more,
  };
}
