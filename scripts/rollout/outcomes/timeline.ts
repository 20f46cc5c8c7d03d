import Type, { type Static } from "typebox";
import { Failure } from "./failures.ts";
import { Tally } from "../tally.ts";

export const EvidenceName = Type.Enum(["worse", "no more errors", "no slower median", "no slower p99"]);

/** A moment of a rollout, for the curves of its report. */
export const Moment = Type.Object({
  atMs: Type.Number(),
  /** The candidate's share in percent, as written. */
  planned: Type.Number(),
  candidate: Type.Object({ requests: Type.Integer(), errors: Type.Integer() }),
  baseline: Type.Object({ requests: Type.Integer(), errors: Type.Integer() }),
  verdict: Type.Enum(["healthy", "regressed", "undecided"]),
  evidence: Type.Array(Type.Object({ name: EvidenceName, value: Type.Number(), threshold: Type.Number() })),
});
export type Moment = Static<typeof Moment>;

/** Requests of the candidate, and of both. */
const AtStep = Type.Object({ candidate: Type.Integer(), both: Type.Integer() });
export type AtStep = Static<typeof AtStep>;

/** The data saved in addition to the journal. A crash may lose its last seconds. */
export const Checkpoint = Type.Object({
  atMs: Type.Number(),
  judge: Type.Unknown(),
  tally: Tally,
  failures: Type.Optional(Type.Array(Failure)),
  /** The requests of the preview, if there was one. */
  preview: Type.Optional(Type.Object({ requests: Type.Integer(), failed: Type.Integer() })),
  /** Requests of both since the step came into force. */
  atStep: AtStep,
  course: Type.Object({ everyMs: Type.Number(), moments: Type.Array(Moment) }),
});
export type Checkpoint = Static<typeof Checkpoint>;

const MOST = 400;

/** The moments of a rollout. If there are too many, every second one is dropped. */
export class Timeline {
  #everyMs: number;
  #moments: Moment[];

  constructor({ everyMs, moments }: Checkpoint["course"] = { everyMs: 500, moments: [] }) {
    this.#everyMs = everyMs;
    this.#moments = [...moments];
  }

  /** Records a moment if one is due, or if it belongs to a decision. */
  add(moment: Moment, matters = false): void {
    const last = this.#moments.at(-1);
    if (!matters && last !== undefined && moment.atMs - last.atMs < this.#everyMs) return;
    this.#moments.push(moment);
    if (this.#moments.length <= MOST) return;
    this.#everyMs *= 2;
    this.#moments = this.#moments.filter((_, i) => i % 2 === 0 || i === this.#moments.length - 1);
  }

  get saved(): Checkpoint["course"] {
    return { everyMs: this.#everyMs, moments: this.#moments };
  }
}
