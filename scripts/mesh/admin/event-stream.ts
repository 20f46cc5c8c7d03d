import type { Exchange } from "../http/exchange.ts";
import type { AnswerField } from "../../traffic/answer-field.ts";
import type { AnswerValues } from "../../traffic/answer-values.ts";
import { adminHeaders } from "./reply.ts";
import type { EventsEnd, ServedEvent } from "./event-schema.ts";

/** The most unsent bytes of a client. */
const MAX_BEHIND_BYTES = 1024 * 1024;
// Lines within this time are sent together.
const GATHER_MS = 20;

/** The fields of one service's answers that a client wants. */
export interface WantedAnswers {
  service: string;
  /** By their notation. */
  fields: ReadonlyMap<string, AnswerField>;
}

/**
 * The clients of `/_mesh/events`. Each client gets every line. One that reads too slowly gets a last line with the
 * reason and is disconnected, so that no stream has a gap.
 */
export class EventStreams {
  readonly #clients = new Set<EventClient>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Whether there is a client. */
  get any(): boolean {
    return this.#clients.size > 0;
  }

  open(exchange: Exchange, wanted?: WantedAnswers): void {
    const client = new EventClient(exchange, this.#nowMs, () => this.#clients.delete(client), wanted);
    this.#clients.add(client);
  }

  /** Returns the fields of a service's answers that clients want; undefined if there are none. */
  wantedOf(service: string): ReadonlyMap<string, AnswerField> | undefined {
    let fields: Map<string, AnswerField> | undefined;
    for (const { wanted } of this.#clients)
      if (wanted?.service === service) fields = new Map([...(fields ?? []), ...wanted.fields]);
    return fields;
  }

  /** @param answer the values that clients want; each client gets its own */
  tell(event: ServedEvent, answer?: AnswerValues): void {
    const line = `${JSON.stringify(event)}\n`;
    for (const client of this.#clients) client.tell(lineFor(client.wanted) ?? line);

    function lineFor(wanted: WantedAnswers | undefined): string | undefined {
      if (answer === undefined || wanted === undefined || wanted.service !== event.service) return undefined;
      const own = Object.entries(answer).filter(([text]) => wanted.fields.has(text));
      return `${JSON.stringify({ ...event, answer: Object.fromEntries(own) } satisfies ServedEvent)}\n`;
    }
  }

  /** Ends every stream, with the reason as its last line if the client can receive it. */
  close(reason: string): void {
    for (const client of this.#clients) client.close(reason);
  }
}

/** A client of a stream of lines. */
export class EventClient {
  readonly #exchange: Exchange;
  readonly #nowMs: () => number;
  readonly #onGone: () => void;
  #lines: string[] = [];
  #bytes = 0;
  #timer: Timer | undefined;
  #ending = false;
  readonly wanted: WantedAnswers | undefined;

  constructor(exchange: Exchange, nowMs: () => number, onGone: () => void, wanted?: WantedAnswers) {
    this.wanted = wanted;
    this.#exchange = exchange;
    this.#nowMs = nowMs;
    this.#onGone = onGone;
    exchange.onAbort = () => this.#leave();
    exchange.onDrained = () => this.#flush();
    exchange.respond(200, "", adminHeaders("application/x-ndjson"), { kind: "chunked" });
    exchange.flush();
  }

  tell(line: string): void {
    if (this.#ending) return;
    this.#push(line);
    if (this.#bytes > MAX_BEHIND_BYTES) {
      return this.end(
        `this client is more than ${MAX_BEHIND_BYTES} bytes behind: read faster, and ask again`,
      );
    }
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  end(reason: string): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#push(`${JSON.stringify({ t: this.#nowMs(), end: reason } satisfies EventsEnd)}\n`);
    this.#flush();
  }

  close(reason: string): void {
    this.end(reason);
    // A client that does not read would keep the mesh from stopping.
    if (this.#exchange.congested) this.#exchange.breakOff();
  }

  #push(line: string): void {
    this.#lines.push(line);
    this.#bytes += line.length;
  }

  /** Sends the collected lines, unless the client is congested. */
  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#exchange.congested) return;
    const text = this.#lines.join("");
    [this.#lines, this.#bytes] = [[], 0];
    if (text !== "") this.#exchange.write(Buffer.from(text));
    if (!this.#ending) return;
    this.#leave();
    this.#exchange.end();
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#ending = true;
    this.#onGone();
  }
}
