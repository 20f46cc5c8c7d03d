import type { ServedEvent } from "../../mesh/admin/event-schema.ts";
import { markOf } from "../../traffic/outcome-kind.ts";
import type { Outcome } from "../source.ts";

/** How long a successful hop waits for the request that it was made for. For longer calls only the hop is judged. */
export const CALLER_WAIT_MS = 1_000;

interface Waiting {
  readonly requestId: string;
  readonly outcomes: Outcome[];
  readonly untilMs: number;
}

/**
 * The outcomes that the callers of a split saw. A failed hop is an outcome at once. A successful hop waits for the request
 * with the same id that it was made for: if that one failed, the hop's response was of no use to its caller, for example
 * because of its body, and counts as an error.
 */
export class CallersView {
  readonly #service: string;
  readonly #pinned: boolean;
  readonly #waiting = new Map<string, Waiting>();

  /** @param pinned whether requests count as well that a rule or a tag led to a revision */
  constructor(service: string, pinned = false) {
    this.#service = service;
    this.#pinned = pinned;
  }

  /** The outcomes that an event completes. */
  add(event: ServedEvent): Outcome[] {
    if (event.service === this.#service && (event.split !== null || this.#pinned))
      return this.#ofSplit(event);
    const waiting = this.#waiting.get(event.requestId);
    if (waiting === undefined || event.service === this.#service) return [];
    this.#waiting.delete(event.requestId);
    return hasFailed(event)
      ? waiting.outcomes.map((outcome) => useless(outcome, waiting.requestId))
      : waiting.outcomes;
  }

  /** Returns the outcomes whose time limit has passed. */
  due(nowMs: number): Outcome[] {
    const due: Outcome[] = [];
    for (const [id, { outcomes, untilMs }] of this.#waiting) {
      // In order of arrival.
      if (untilMs > nowMs) break;
      this.#waiting.delete(id);
      due.push(...outcomes);
    }
    return due;
  }

  #ofSplit(event: ServedEvent): Outcome[] {
    const outcome = outcomeOf(event);
    const { requestId } = event;
    if (!outcome.ok || outcome.kind !== undefined || event.requestId === "") return [outcome];
    const waiting = this.#waiting.get(event.requestId);
    if (waiting !== undefined) waiting.outcomes.push(outcome);
    else
      this.#waiting.set(event.requestId, {
        requestId,
        outcomes: [outcome],
        untilMs: event.t + CALLER_WAIT_MS,
      });
    return [];
  }
}

function outcomeOf(event: ServedEvent): Outcome {
  const { t, revision, method, path, requestId, status, ms, cold, broken, unit, answer } = event;
  const answered = broken === "revision" || status === 0 ? undefined : status;
  const mark = markOf(answered, { gaveUp: broken === "client" });
  const what = broken === "client" ? "its caller gave up" : (answered ?? "no complete answer");
  return {
    atMs: t,
    revision: revision ?? undefined,
    ...mark,
    ...(mark.ok && mark.kind === undefined ? {} : { failure: { what: String(what), requestId } }),
    ms,
    count: 1,
    unit,
    route: routeOf(method, path),
    answer,
    ...(event.split === null ? { pinned: true } : {}),
    excluded: cold ? "cold start" : undefined,
  };
}

/** A segment of a path that identifies one of many items, such as an id; a version such as `v1` does not. */
const VARIABLE = /^(?!v\d{1,3}$)(?:.*\d.*|.{33,})$/;

/** Method and path, with a star for each segment that is an id: `GET /v1/customers/*`. */
function routeOf(method: string, path: string): string {
  const segments = path.split("/").map((segment) => (VARIABLE.test(segment) ? "*" : segment));
  return `${method} ${segments.join("/")}`;
}

/** Whether a request failed for a reason other than its caller. */
function hasFailed({ status, broken }: ServedEvent): boolean {
  return broken === "revision" || (broken === null && status >= 500);
}

function useless(outcome: Outcome, requestId: string): Outcome {
  const failure = { what: "an answer that its caller could not use", requestId };
  return { ...outcome, ...markOf(200, { bodyOk: false }), failure };
}
