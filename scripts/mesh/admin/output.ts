import type { Exchange } from "../http/exchange.ts";
import type { RevisionSpec } from "../revisions/spec.ts";
import { EventClient } from "./event-stream.ts";
import { problemReply, type Reply, sendReply } from "./reply.ts";
import type { OutputLine } from "./event-schema.ts";

/** The number of lines and characters that are kept for each revision. */
const KEPT = { lines: 1_000, characters: 1_000_000 };

interface KeptLine extends OutputLine {
  /** Its position among the lines of all revisions. */
  number: number;
}

/** The service and the revision whose lines a client wants; null for any. */
type Wanted = { [K in "service" | "revision"]: string | null };

/** The last lines of each revision's output, and the clients that follow them on `/_mesh/logs`. */
export class Output {
  readonly #nowMs: () => number;
  readonly #kept = new Map<string, { lines: KeptLine[]; characters: number }>();
  readonly #clients = new Map<EventClient, Wanted>();
  #count = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add({ key, service, name: revision }: Pick<RevisionSpec, "key" | "service" | "name">, text: string): void {
    const line: KeptLine = { t: this.#nowMs(), service, revision, text, number: this.#count++ };
    const kept = this.#kept.get(key) ?? { lines: [], characters: 0 };
    this.#kept.set(key, kept);
    kept.lines.push(line);
    kept.characters += text.length;
    while (kept.lines.length > KEPT.lines || kept.characters > KEPT.characters)
      kept.characters -= kept.lines.shift()?.text.length ?? 0;
    for (const [client, wanted] of this.#clients) if (isWanted(line, wanted)) client.tell(written(line));
  }

  /**
   * Answers a request for lines: `?service=NAME` or `revision=NAME` select one, `tail=50` the last of each revision,
   * `follow` adds later ones.
   */
  answer(exchange: Exchange): void {
    const query = new URLSearchParams(exchange.request.target.split("?")[1]);
    const wanted = { service: query.get("service"), revision: query.get("revision") };
    const tail = Number(query.get("tail") ?? KEPT.lines);
    if (!Number.isInteger(tail) || tail < 0)
      return sendReply(exchange, problemReply(400, `tail=${query.get("tail")}: a whole number is expected`));
    const lines = [...this.#kept.values()]
      .flatMap((kept) => kept.lines.slice(Math.max(0, kept.lines.length - tail)))
      .filter((line) => isWanted(line, wanted))
      .sort((a, b) => a.number - b.number)
      .map(written);
    if (!query.has("follow") || exchange.request.method === "HEAD")
      return sendReply(exchange, linesReply(lines));
    const client = new EventClient(exchange, this.#nowMs, () => this.#clients.delete(client));
    this.#clients.set(client, wanted);
    for (const line of lines) client.tell(line);
  }

  /** Ends each stream. */
  close(reason: string): void {
    for (const client of this.#clients.keys()) client.close(reason);
  }
}

function isWanted({ service, revision }: OutputLine, wanted: Wanted): boolean {
  return (wanted.service ?? service) === service && (wanted.revision ?? revision) === revision;
}

function written({ number: _, ...line }: KeptLine): string {
  return `${JSON.stringify(line satisfies OutputLine)}\n`;
}

function linesReply(lines: readonly string[]): Reply {
  return { status: 200, type: "application/x-ndjson", body: lines.join("") };
}
