import type { Clock } from "../clock.ts";
import type { Entry } from "../journal/journal.ts";
import type { Plan } from "../plan/plan.ts";
import { percentOf } from "../plan/targets.ts";
import { parseAddress } from "../../text/notify-address.ts";
import { messageOf } from "../../text/message-of.ts";

/** An event in the JSON format of CloudEvents 1.0. */
export interface CloudEvent {
  specversion: "1.0";
  /** Unique to this transition, so that a receiver can drop duplicates. */
  id: string;
  source: string;
  type: string;
  subject: string;
  time: string;
  datacontenttype: "application/json";
  data: {
    rollout: string;
    service: string;
    candidate: string;
    baseline: string;
    phase: string;
    /** The candidate's share as written, in percent. */
    percent: number;
    reason: string;
  };
}

/** The delivery of an event to one address. */
export interface Delivery {
  url: string;
  event: string;
  type: string;
  attempts: number;
  /** Why it was not delivered; null if it was. */
  failure: string | null;
}

export interface NotifierOptions {
  /** Web addresses, prefixed with the format of the body if it is not a CloudEvent: `slack:https://…`. */
  addresses: readonly string[];
  clock: Clock;
  /** @default the global one */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** The formats of a body besides a CloudEvent, for incoming web hooks. */
const FORMS = {
  slack: (text: string): object => ({
    text: text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
  }),
  teams: (text: string): object => ({
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          body: [{ type: "TextBlock", text, wrap: true }],
        },
      },
    ],
  }),
} as const;

const ATTEMPTS = 6;
const FIRST_WAIT_MS = 500;
const TIMEOUT_MS = 5_000;

/** Returns the event of a transition. */
export function eventOf(plan: Plan, { seq, event, state }: Entry): CloudEvent {
  const { id, service, candidate, baseline } = plan;
  return {
    specversion: "1.0",
    id: `${id}/${seq}`,
    source: `/kyc/rollouts/${service}`,
    type: `dev.kyc.rollout.${state.phase.replaceAll(" ", "-")}`,
    subject: service,
    time: new Date(event?.atMs ?? plan.atMs).toISOString(),
    datacontenttype: "application/json",
    data: {
      rollout: id,
      service,
      candidate,
      baseline,
      phase: state.phase,
      percent: percentOf(state.written.targets, candidate),
      reason: state.reason,
    },
  };
}

/**
 * Sends events to addresses, in order for each, without delaying the rollout. A failed delivery is retried with
 * growing delays, six attempts in all. A 4xx other than 408 and 429 is not retried.
 */
export class Notifier {
  readonly deliveries: Delivery[] = [];
  readonly #options: NotifierOptions;
  readonly #stop = new AbortController();
  readonly #queues = new Map<string, Promise<void>>();

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** @param notice the transition in a sentence for people; without one, chats are not notified */
  send(event: CloudEvent, notice?: string): void {
    for (const address of this.#options.addresses) {
      const message = messageFor(address, event, notice);
      if (message === undefined) continue;
      const before = this.#queues.get(address) ?? Promise.resolve();
      this.#queues.set(
        address,
        before.then(() => this.#deliver(message, event)),
      );
    }
  }

  /** Waits for all deliveries, for a limited time; those that remain count as failed. */
  async end(withinMs: number): Promise<void> {
    const all = Promise.all(this.#queues.values());
    await Promise.race([all, this.#options.clock.sleep(withinMs, this.#stop.signal)]);
    this.#stop.abort();
    await all;
  }

  async #deliver(message: Message, event: CloudEvent): Promise<void> {
    const { clock } = this.#options;
    let failure: string | null = "the rollout ended before it was delivered";
    let attempts = 0;
    while (attempts < ATTEMPTS && !this.#stop.signal.aborted) {
      if (attempts > 0) await clock.sleep(FIRST_WAIT_MS * 2 ** (attempts - 1), this.#stop.signal);
      attempts++;
      const answer = await this.#post(message);
      failure = answer.failure;
      if (failure === null || answer.isFinal) break;
    }
    this.deliveries.push({
      url: withoutSecrets(message.url),
      event: event.id,
      type: event.type,
      attempts,
      failure,
    });
  }

  async #post({ url, type, body }: Message): Promise<{ failure: string | null; isFinal: boolean }> {
    const send = this.#options.fetch ?? fetch;
    try {
      const response = await send(url, {
        method: "POST",
        headers: { "content-type": `${type}; charset=utf-8` },
        body: JSON.stringify(body),
        redirect: "manual",
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      const { status } = response;
      const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429;
      return { failure: status >= 200 && status < 300 ? null : `it answered ${status}`, isFinal };
    } catch (error) {
      return { failure: messageOf(error), isFinal: false };
    }
  }
}

interface Message {
  url: string;
  /** The media type. */
  type: string;
  body: object;
}

/** Returns the message for an address; undefined if it is not notified of this transition. */
function messageFor(address: string, event: CloudEvent, notice: string | undefined): Message | undefined {
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;
  const { form, url } = parsed;
  if (form === "cloudevent") return { url, type: "application/cloudevents+json", body: event };
  return notice === undefined ? undefined : { url, type: "application/json", body: FORMS[form](notice) };
}

/** Returns an address without possible secrets: user, password, query, and the path of a web hook. */
function withoutSecrets(url: string): string {
  return new URL(url).origin;
}
