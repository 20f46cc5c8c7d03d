import type { Activity } from "../shared/http/call.ts";
import type { Metrics } from "../shared/telemetry/metrics.ts";
import { type AskOptions, askVersion, type MirroredRequest, type VersionAnswer } from "./ask-version.ts";
import { isObject } from "./comparison/answer.ts";
import { compare, differs, type Rules } from "./comparison/compare.ts";
import { Counts } from "./comparison/counts.ts";
import { type SegmentField, segmentsOf } from "./comparison/segments.ts";

/** The dependencies and settings of a comparison. */
export interface ComparerOptions extends AskOptions {
  readonly control: string;
  readonly candidate: string;
  readonly rules: Rules;
  readonly segments: readonly SegmentField[];
  /** The fraction of requests, from 0 to 1, that the control gets twice regardless of the candidate's answer. */
  readonly repeatShare: number;
  /** The field of a request whose value is hashed; the whole request if it is empty or missing. */
  readonly idField: string;
  readonly key: string;
  readonly mostMismatches: number;
  /** The maximum number of comparisons at a time. */
  readonly concurrency: number;
  /** The maximum number of comparisons that start within a second. */
  readonly rate: number;
  readonly activity: Activity;
  readonly metrics: Metrics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly random: () => number;
}

/** Why a mirrored request is not compared. */
export type Dropped = "busy" | "rate" | "draining" | "own" | "unreadable";

/** The state of a comparison. */
export interface Progress {
  readonly counts: Counts;
  readonly dropped: Readonly<Record<Dropped, number>>;
  /** Received mirrored requests, including dropped ones. */
  readonly received: number;
  readonly running: number;
  /** Mismatches that count as the candidate's because the control did not answer again. */
  readonly unconfirmed: number;
  /** The revisions that have answered. */
  readonly revisions: Readonly<Record<"control" | "candidate", ReadonlySet<string>>>;
}

const MOST_REVISIONS = 5;

/** Sends mirrored requests to both versions, within limits, and counts how their answers differ. */
export class Comparer {
  readonly #options: ComparerOptions;
  readonly #counts: Counts;
  readonly #dropped: Record<Dropped, number> = { busy: 0, rate: 0, draining: 0, own: 0, unreadable: 0 };
  readonly #revisions = { control: new Set<string>(), candidate: new Set<string>() };
  #received = 0;
  #running = 0;
  #unconfirmed = 0;
  #tokens: number;
  #filledAt: number;

  constructor(options: ComparerOptions) {
    this.#options = options;
    this.#counts = new Counts(options.mostMismatches);
    this.#tokens = options.rate;
    this.#filledAt = options.clock();
  }

  get progress(): Progress {
    return {
      counts: this.#counts,
      dropped: this.#dropped,
      received: this.#received,
      running: this.#running,
      unconfirmed: this.#unconfirmed,
      revisions: this.#revisions,
    };
  }

  /**
   * Takes a mirrored request, or drops it; never waits.
   * @returns the comparison, for tests to await; undefined if it is dropped
   */
  take(request: MirroredRequest): Promise<void> | undefined {
    this.#received++;
    const reason = this.#reasonToDrop();
    if (reason !== undefined) {
      this.#dropped[reason]++;
      return undefined;
    }
    this.#running++;
    // Shutdown waits for it, as for a request.
    this.#options.activity.calls++;
    return this.#compare(request).finally(() => {
      this.#running--;
      this.#options.activity.calls--;
    });
  }

  /** Counts a mirrored request that is not compared. */
  drop(reason: Dropped): void {
    this.#received++;
    this.#dropped[reason]++;
  }

  #reasonToDrop(): Dropped | undefined {
    const { activity, clock, concurrency, rate } = this.#options;
    if (activity.draining) return "draining";
    if (this.#running >= concurrency) return "busy";
    const at = clock();
    this.#tokens = Math.min(rate, this.#tokens + ((at - this.#filledAt) * rate) / 1000);
    this.#filledAt = at;
    if (this.#tokens < 1) return "rate";
    this.#tokens--;
    return undefined;
  }

  async #compare(request: MirroredRequest): Promise<void> {
    const { rules, segments, repeatShare, now, random } = this.#options;
    const isRepeated = random() < repeatShare;
    const [control, candidate] = await Promise.all([
      this.#ask("control", request),
      this.#ask("candidate", request),
    ]);
    const isDifferent = differs(control, candidate, rules);
    const again = isRepeated || isDifferent ? await this.#ask("control", request) : undefined;
    // A failed second answer confirms nothing: the mismatch stays the candidate's.
    const isConfirmed = again?.fields !== undefined || control.fields === undefined;
    if (isDifferent && !isConfirmed) this.#unconfirmed++;
    const body = parsed(request.body);
    const atMs = now();
    this.#counts.add({
      fields: compare({ control, candidate, again }, rules),
      segments: segmentsOf(body, segments, new Date(atMs).toISOString().slice(0, 10)),
      isRepeated,
      hash: this.#hash(request, body),
      atMs,
    });
  }

  async #ask(role: "control" | "candidate", request: MirroredRequest): Promise<VersionAnswer> {
    const { metrics } = this.#options;
    const answer = await askVersion(this.#options[role], role, request, this.#options);
    const { outcome, revision, ms } = answer;
    metrics.upstreamCall({ upstream: role, revision: revision ?? "unknown", outcome }, ms);
    const known = this.#revisions[role];
    if (revision !== undefined && known.size < MOST_REVISIONS) known.add(revision);
    return answer;
  }

  #hash({ path, body }: MirroredRequest, parsedBody: unknown): string {
    const { idField, key } = this.#options;
    const id: unknown = isObject(parsedBody) ? parsedBody[idField] : undefined;
    const text = typeof id === "string" ? id : `${path}\n${body}`;
    return new Bun.CryptoHasher("sha256", key).update(text).digest("hex").slice(0, 16);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
