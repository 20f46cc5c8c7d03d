import Type, { type Static } from "typebox";
import type { Outcome } from "../../sources/source.ts";

/** Requests of one revision that failed in the same way. */
export const Failure = Type.Object({
  side: Type.Enum(["candidate", "baseline"]),
  /** The requested route, such as `GET /report`; empty if the source does not report it. */
  route: Type.String(),
  /** The kind of failure, such as `503`; empty if the source does not report it. */
  what: Type.String(),
  count: Type.Integer(),
  /** The ids of the first of them, which the logs of all services contain. */
  requestIds: Type.Array(Type.String()),
});
export type Failure = Static<typeof Failure>;

/** The number of kinds of failure that are distinguished, and of ids that are kept for each. */
const KINDS = 40;
const IDS = 5;
/** Callers may choose ids, so longer ones are truncated. */
const ID_LENGTH = 64;

/** Counts failed requests by revision, route and kind, in bounded memory. No content of a request is kept. */
export class Failures {
  readonly #all: Failure[];

  constructor(saved: readonly Failure[] = []) {
    this.#all = saved.map((each) => ({ ...each, requestIds: [...each.requestIds] }));
  }

  /** Counts an outcome if it is a failure. */
  add(side: Failure["side"], { ok, kind, route = "", failure, count }: Outcome): void {
    if (ok && kind === undefined) return;
    const found = this.#kind(side, route, failure?.what ?? kind ?? "");
    found.count += count;
    if (failure !== undefined && failure.requestId !== "" && found.requestIds.length < IDS)
      found.requestIds.push(failure.requestId.slice(0, ID_LENGTH));
  }

  get saved(): Failure[] {
    return this.#all;
  }

  #kind(side: Failure["side"], route: string, what: string): Failure {
    const isFull = this.#all.length >= KINDS;
    const same = (of: Failure): boolean => of.side === side && of.route === route && of.what === what;
    const rest = (of: Failure): boolean => of.side === side && of.route === REST;
    const found = this.#all.find(same) ?? (isFull ? this.#all.find(rest) : undefined);
    if (found !== undefined) return found;
    const made = { side, route: isFull ? REST : route, what: isFull ? "" : what, count: 0, requestIds: [] };
    this.#all.push(made);
    return made;
  }
}

const REST = "all others";
