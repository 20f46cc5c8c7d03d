import { createServer, connect, type Server, type Socket } from "node:net";
import { type AddressInfo } from "node:net";

const HOSTNAME = "127.0.0.1";
// Far longer than anything here takes; a test that waits in vain reports for what.
const PATIENCE_MS = 5_000;

/** How the other side ended a connection. */
export type Ending = "fin" | "reset";

/** One end of a TCP connection, for tests that write and read HTTP byte by byte. Text is Latin-1. */
export class RawSocket implements Disposable {
  readonly #socket: Socket;
  readonly #pieces: Buffer[] = [];
  readonly #waiting = new Set<() => void>();
  #ending: Ending | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => {
      this.#pieces.push(bytes);
      this.#wake();
    });
    socket.on("end", () => this.#ended("fin"));
    socket.on("error", () => this.#ended("reset"));
    socket.on("close", () => this.#ended("reset"));
  }

  static async connect(port: number): Promise<RawSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<RawSocket>();
    const socket = connect({ host: HOSTNAME, port, allowHalfOpen: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(new RawSocket(socket));
    });
    return promise;
  }

  /** All received data. */
  get text(): string {
    return this.bytes.toString("latin1");
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  get byteCount(): number {
    return this.#pieces.reduce((sum, { length }) => sum + length, 0);
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** Drops the received data. */
  clear(): void {
    this.#pieces.length = 0;
  }

  /** Sends bytes. Resolves when the kernel has accepted them all. */
  send(data: string | Buffer): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.write(typeof data === "string" ? Buffer.from(data, "latin1") : data, () => resolve());
    return promise;
  }

  /** Sends one byte at a time, each in its own packet. */
  async trickle(data: string): Promise<void> {
    for (const character of data) {
      await this.send(character);
      await new Promise(setImmediate);
    }
  }

  /** Waits until a text arrives; resolves with all received data. */
  async until(text: string): Promise<string> {
    await this.#wait(`${JSON.stringify(text)} arrives`, () => this.text.includes(text));
    return this.text;
  }

  async untilBytes(count: number): Promise<void> {
    await this.#wait(`${count} bytes arrive`, () => this.byteCount >= count);
  }

  /** Waits until the other side ended the connection; resolves with how it ended, and with all received data. */
  async untilEnded(): Promise<{ ending: Ending; text: string }> {
    await this.#wait("the connection ends", () => this.#ending !== undefined);
    return { ending: this.#ending as Ending, text: this.text };
  }

  /** Stops reading, so that the other side's bytes accumulate. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Closes this side with a FIN; still reads. */
  fin(): void {
    this.#socket.end();
  }

  /** Ends the connection by a reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #wait(what: string, holds: () => boolean): Promise<void> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    while (!holds()) {
      const left = giveUpAt - performance.now();
      if (left <= 0 || (this.#ending !== undefined && !holds())) {
        throw new Error(
          `waited in vain until ${what}; ${this.#ending ?? "open"} after ${JSON.stringify(this.text.slice(-500))}`,
        );
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, left);
      this.#waiting.add(resolve);
      await promise;
      this.#waiting.delete(resolve);
      clearTimeout(timer);
    }
  }

  #ended(how: Ending): void {
    this.#ending ??= how;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
  }
}

/** A server that returns its connections unprocessed. */
export class RawServer implements Disposable {
  readonly #server: Server;
  readonly #accepted: RawSocket[] = [];
  #next = Promise.withResolvers<void>();
  #taken = 0;

  private constructor(server: Server, onConnection: (socket: RawSocket) => void) {
    this.#server = server;
    server.on("connection", (socket) => {
      const raw = new RawSocket(socket);
      this.#accepted.push(raw);
      onConnection(raw);
      this.#next.resolve();
      this.#next = Promise.withResolvers();
    });
  }

  /** @param onConnection called for each connection before anything is read from it */
  static async listen(onConnection: (socket: RawSocket) => void = () => {}): Promise<RawServer> {
    const server = createServer({ allowHalfOpen: true });
    const raw = new RawServer(server, onConnection);
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, HOSTNAME, resolve);
    await promise;
    return raw;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The number of connections so far. */
  get count(): number {
    return this.#accepted.length;
  }

  /** Returns the next connection, in order of arrival. */
  async accept(): Promise<RawSocket> {
    const giveUp = setTimeout(() => this.#next.reject(new Error("no connection came")), PATIENCE_MS);
    try {
      while (this.#accepted.length <= this.#taken) await this.#next.promise;
    } finally {
      clearTimeout(giveUp);
    }
    return this.#accepted[this.#taken++] as RawSocket;
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#accepted) socket[Symbol.dispose]();
  }
}

/** Waits until a number, such as of sent bytes, has stopped growing. Resolves with it. */
export async function untilSteady(count: () => number): Promise<number> {
  for (let [last, quiet] = [-1, 0]; ; await Bun.sleep(10)) {
    quiet = count() === last ? quiet + 1 : 0;
    last = count();
    if (quiet === 8) return last;
  }
}
