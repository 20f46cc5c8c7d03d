import type { Rights } from "../cluster/rbac.ts";
import type { AnswerValues } from "../traffic/answer-values.ts";
import type { Location, ServiceContext } from "../cluster/kube/service-context.ts";

/** The outcome of a number of like requests. */
export interface Outcome {
  /** When they were answered, or the latest time at which they may have been; in milliseconds since the epoch. */
  atMs: number;
  /** Where the time of an answer is not known exactly: they were answered after this. @default atMs */
  sinceMs?: number | undefined;
  /** The revision that answered; undefined where a proxy answered itself. */
  revision: string | undefined;
  /** False for failures of the service (5xx, a reset, a timeout, a wrong answer) and for callers that gave up. */
  ok: boolean;
  /** What it came to, where that is neither a success nor a plain failure: see `outcomeKind`. */
  kind?: "rejected" | "abandoned" | undefined;
  /** Milliseconds; where only a histogram is known, the upper bound of the bucket. */
  ms: number;
  /** Where only a histogram is known, the lower bound of the bucket: they took longer than this. */
  fromMs?: number | undefined;
  count: number;
  /**
   * Whom they were for, where the split keeps each applicant on one revision: the bucket of the applicant, or any other
   * text that is the same for all of one applicant's requests. Failures of one unit are one piece of evidence.
   */
  unit?: string | undefined;
  /** The route, such as `GET /report`, if the source distinguishes routes; without ids. */
  route?: string | undefined;
  /** Of a failure, if the source reports single requests: how it failed, such as `503`, and the request's id or "". */
  failure?: { what: string; requestId: string } | undefined;
  /** What the answer holds of the fields that were asked for, by the text of each. */
  answer?: AnswerValues | undefined;
  /** Whether a rule or a tag led them to the revision, and not the split. */
  pinned?: boolean | undefined;
  /** Why they are not evidence about a revision. */
  excluded: "cold start" | "probe" | undefined;
}

/** What a source is to tell beside the outcomes of requests that the split decides. */
export interface WantedOutcomes {
  /** Fields of answers that outcomes carry, such as `json:$.approved`. @default none */
  fields?: readonly string[];
  /** Whether requests that a rule or a tag leads to a revision are told, where the source can tell them from the others. @default false */
  pinned?: boolean;
}

/** How many requests each revision answered, of those that a split decided. */
export interface ObservedSplit {
  /** Since when, in milliseconds since the epoch. */
  sinceMs: number;
  /** By revision. */
  counts: ReadonlyMap<string, number>;
  /** The number of distinct buckets of those requests, by revision, if a header decides and the source reports it. */
  buckets?: ReadonlyMap<string, number>;
}

/** Reports the outcomes of the requests to one service, by revision. */
export interface OutcomeSource {
  readonly name: string;
  /** Where the outcomes are read, for output: an address, a file, the pods of a namespace. */
  readonly place: string;
  /** The longest time, in milliseconds, from an answer to its report. */
  readonly lagMs: number;
  /** Whether outcomes carry their route. @default false */
  readonly tellsRoutes?: boolean;
  /** Whether outcomes carry what answers hold. @default false */
  readonly tellsAnswers?: boolean;
  /**
   * The outcomes of requests from now on, in batches, until the signal.
   * @param wanted further outcomes to report, if the source can
   * @throws UserError, NothingRuns when there is nothing to read
   */
  outcomes(signal: AbortSignal, wanted?: WantedOutcomes): AsyncIterable<Outcome[]>;
  /** How many each revision answered since the split is what it is, where the source keeps count of that. */
  observed?(): Promise<ObservedSplit | undefined>;
  /** The rights in the cluster that reading takes; none where this is undefined. */
  readonly rights?: Rights;
}

/** A command-line option that chooses or configures a source. Its value is text. */
export interface SourceFlag {
  /** Without dashes: `prometheus`. */
  name: string;
  /** What its value is, for the help: `url`. */
  value: string;
  /** For the help. */
  summary: string;
}

/** The values of the options of sources that were given, by name. */
export type SourceFlags = Readonly<Record<string, string>>;

/** A kind of source, as the registry lists it. */
export interface SourceDefinition {
  readonly name: string;
  /** For the help: whose view it is. */
  readonly summary: string;
  /** Where the engines are whose requests it can report. */
  readonly locations: readonly Location[];
  /** The options of the source. Giving one of them chooses it. */
  readonly flags: readonly SourceFlag[];
  /** Whether a Job in the cluster can read it too: it has no files of this machine. */
  inCluster(flags: SourceFlags): boolean;
  /**
   * Whether there is something to read for it here: asked when no source is named. A source without this is never
   * chosen by itself.
   */
  applies?(context: ServiceContext): Promise<boolean>;
  /**
   * The source of a service.
   * @throws UsageError when its options do not lead to one
   */
  open(context: ServiceContext, flags: SourceFlags): Promise<OutcomeSource>;
}
