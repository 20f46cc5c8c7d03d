import { RawServer, type RawSocket } from "./raw-socket.ts";

const HEAD =
  /^([!-~]+) ([!-~\x80-\xff]+) HTTP\/1\.1\r\n((?:[!#$%&'*+.^_`|~0-9a-z-]+: [\t -~\x80-\xff]*\r\n)+)\r\n/;
const CHUNKS = /^(?:[1-9a-f][0-9a-f]*\r\n[^]*?\r\n)*?0\r\n\r\n/;

/**
 * Parses HTTP slowly and strictly, with another implementation than the mesh's: input that it refuses is the sender's
 * fault.
 */
export class StrictServer implements Disposable {
  /** Method and target of each complete request. */
  readonly seen: string[] = [];
  readonly mistakes: string[] = [];
  readonly #raw: RawServer;

  private constructor(raw: RawServer) {
    this.#raw = raw;
  }

  static async listen(): Promise<StrictServer> {
    let server: StrictServer | undefined;
    const raw = await RawServer.listen((socket) => void server?.serve(socket));
    server = new StrictServer(raw);
    return server;
  }

  get port(): number {
    return this.#raw.port;
  }

  async serve(socket: RawSocket): Promise<void> {
    let at = 0;
    try {
      for (let wanted = 1; ;) {
        await socket.untilBytes(at + wanted);
        const rest = socket.text.slice(at);
        const length = this.#read(rest);
        wanted = length === 0 ? rest.length + 1 : 1;
        at += length;
        if (length === 0) continue;
        const isHead = rest.startsWith("HEAD ");
        await socket.send(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n${isHead ? "" : "ok"}`);
      }
    } catch {
      // The connection ended.
    }
  }

  /** Returns the number of characters of the request; 0 while it is incomplete. */
  #read(text: string): number {
    const head = HEAD.exec(text);
    if (head === null) {
      if (text.includes("\r\n\r\n")) this.mistakes.push(text);
      return 0;
    }
    const [whole, method = "", target = "", fields = ""] = head;
    const values = (name: string): string[] => {
      return fields
        .split("\r\n")
        .flatMap((line) => (line.startsWith(`${name}: `) ? [line.slice(name.length + 2)] : []));
    };
    const [lengths, codings] = [values("content-length"), values("transfer-encoding")];
    const isClear = values("host").length === 1 && lengths.length + codings.length <= 1;
    if (!isClear || codings.some((coding) => coding !== "chunked")) this.mistakes.push(text);
    const rest = text.slice(whole.length);
    const body = codings.length > 0 ? CHUNKS.exec(rest)?.[0].length : Number(lengths[0] ?? 0);
    if (body === undefined || rest.length < body) return 0;
    this.seen.push(`${method} ${target}`);
    return whole.length + body;
  }

  [Symbol.dispose](): void {
    this.#raw[Symbol.dispose]();
  }
}
