import type { Rights } from "../cluster/rbac.ts";
import type { AnswerValues } from "../traffic/answer-values.ts";
import type { Location, ServiceContext } from "../cluster/kube/service-context.ts";

/** The outcome of a number of like requests. */
export interface Outcome {
  /** The time of the answers, or the latest possible time, in milliseconds since the epoch. */
  atMs: number;
  /** If the time of an answer is not known exactly: they were answered after this. @default atMs */
  sinceMs?: number | undefined;
  /** The revision that answered; undefined if a proxy answered itself. */
  revision: string | undefined;
  /** False for failures of the service (5xx, a reset, a timeout, a wrong answer) and for callers that gave up. */
  ok: boolean;
  /** The outcome, if it is neither a success nor a plain failure: see `outcomeKind`. */
  kind?: "rejected" | "abandoned" | undefined;
  /** Milliseconds; if only a histogram is known, the upper bound of the bucket. */
  ms: number;
  /** If only a histogram is known, the lower bound of the bucket: they took longer than this. */
  fromMs?: number | undefined;
  count: number;
  /**
   * The applicant, if the split keeps each on one revision: the bucket, or any other text that is the same for all of
   * one applicant's requests. Failures of one unit are one piece of evidence.
   */
  unit?: string | undefined;
  /** The route, such as `GET /report`, if the source distinguishes routes; without ids. */
  route?: string | undefined;
  /** Of a failure, if the source reports single requests: how it failed, such as `503`, and the request's id or "". */
  failure?: { what: string; requestId: string } | undefined;
  /** The requested fields of the answer, by their notation. */
  answer?: AnswerValues | undefined;
  /** Whether a rule or a tag led them to the revision, and not the split. */
  pinned?: boolean | undefined;
  /** Why they are not evidence about a revision. */
  excluded: "cold start" | "probe" | undefined;
}

/** Outcomes and details that a source should report besides the outcomes of requests that the split decides. */
export interface WantedOutcomes {
  /** Fields of answers in outcomes, such as `json:$.approved`. @default none */
  fields?: readonly string[];
  /**
   * Whether to report requests that a rule or a tag routes to a revision, if the source can distinguish them.
   * @default false
   */
  pinned?: boolean;
}

/** The number of requests that each revision answered, of those that a split decided. */
export interface ObservedSplit {
  /** The start, in milliseconds since the epoch. */
  sinceMs: number;
  /** By revision. */
  counts: ReadonlyMap<string, number>;
  /** The number of distinct buckets of those requests, by revision, if a header decides and the source reports it. */
  buckets?: ReadonlyMap<string, number>;
}

/** Reports the outcomes of the requests to one service, by revision. */
export interface OutcomeSource {
  readonly name: string;
  /** The origin of the outcomes, for output: an address, a file, the pods of a namespace. */
  readonly place: string;
  /** The longest time, in milliseconds, from an answer to its report. */
  readonly lagMs: number;
  /** Whether outcomes carry their route. @default false */
  readonly tellsRoutes?: boolean;
  /** Whether outcomes contain fields of answers. @default false */
  readonly tellsAnswers?: boolean;
  /**
   * Yields the outcomes of requests from now on, in batches, until the signal is aborted.
   * @param wanted further outcomes to report, if the source can
   * @throws UserError, NothingRuns if there is nothing to read
   */
  outcomes(signal: AbortSignal, wanted?: WantedOutcomes): AsyncIterable<Outcome[]>;
  /** Returns the number of answers of each revision since the split last changed, if the source counts them. */
  observed?(): Promise<ObservedSplit | undefined>;
  /** The rights in the cluster that reading needs; absent if it needs none. */
  readonly rights?: Rights;
}

/** A command-line option that chooses or configures a source. Its value is text. */
export interface SourceFlag {
  /** Without dashes: `prometheus`. */
  name: string;
  /** The placeholder of its value in the help: `url`. */
  value: string;
  /** For the help. */
  summary: string;
}

/** The values of the options of sources that were given, by name. */
export type SourceFlags = Readonly<Record<string, string>>;

/** A kind of source, as the registry lists it. */
export interface SourceDefinition {
  readonly name: string;
  /** The observer's position, for the help. */
  readonly summary: string;
  /** The locations of the engines whose requests it can report. */
  readonly locations: readonly Location[];
  /** The options of the source. Giving one of them chooses it. */
  readonly flags: readonly SourceFlag[];
  /** Whether a Job in the cluster can read it too: it has no files of this machine. */
  inCluster(flags: SourceFlags): boolean;
  /** Whether it has something to read here. Called if no source is named; a source without this is never detected. */
  applies?(context: ServiceContext): Promise<boolean>;
  /** Opens the source of a service. @throws UsageError if its options do not identify one */
  open(context: ServiceContext, flags: SourceFlags): Promise<OutcomeSource>;
}
