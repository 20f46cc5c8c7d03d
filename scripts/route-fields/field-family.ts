import type { TProperties } from "typebox";
import type { Code } from "../manifests/codes/codes.ts";
import type { FieldPath } from "../manifests/document.ts";
import type { Problem } from "../manifests/problem.ts";
import type { Partially } from "../manifests/validate.ts";
import type { HTTPRoute } from "./families.ts";
import type { HeaderChange, HeaderList } from "./headers/header-list.ts";
import type {
  Backend,
  Destination,
  DirectAction,
  Fault,
  ForwardAction,
  Mirror,
  RedirectAction,
  RequestMatch,
  RetryPolicy,
  ValueMatch,
} from "../traffic/table.ts";
import type { Destination as DestinationFields } from "../schema/route-schema.ts";

/** Reports a problem of an object. */
export type Report = (
  code: Code,
  path: FieldPath,
  message: string,
  fix?: string,
  names?: Pick<Problem, "name" | "near">,
) => void;

/** A destination's full host, and the backends behind it: several revisions if a subset has several. */
export interface Target {
  host: string;
  port: number;
  isPortDefault: true | undefined;
  subset: string | undefined;
  backends: readonly WeightedBackend[];
}

/** A backend, and its share among those of one destination. */
export interface WeightedBackend {
  backend: Backend;
  /** A whole number, relative to those of the others. */
  weight: number;
}

/** The context in which families compile the fields of one rule. */
export interface CompileContext {
  report: Report;
  /** Looks up a destination; an unknown host, port or subset is reported. */
  target(destination: DestinationFields, path: FieldPath): Target;
}

/** The parts of a compiled rule. */
interface RuleParts {
  match: RequestMatch;
  forward: ForwardAction;
  destination: Destination;
  retry: RetryPolicy;
  fault: Fault;
  mirror: Mirror;
  redirect: RedirectAction;
  direct: DirectAction;
}

/**
 * Fields of a VirtualService's HTTP route that belong together. A field is supported exactly if a family has it;
 * `families.ts` lists the families.
 */
export interface FieldFamily {
  /** The fields of an HTTPRoute, with their schemas. */
  fields: TProperties;
  /** Fields of the API that this tool does not act on, each with advice. */
  unsupported?: Readonly<Record<string, string>>;
  /** Whether Istio refuses the fields in a rule with a redirect or a direct response. */
  onlyForwarding: boolean;
  /** The properties of a compiled rule, by part, that `equal` compares. With an unlisted property it decides nothing. */
  compared: Readonly<{ [Part in keyof RuleParts]?: readonly (keyof RuleParts[Part])[] }>;
  /** How the fields act on a request before it is forwarded. */
  filter?: RequestFilter;
  /** How the fields act on a request that is forwarded to one of the destinations. */
  router?: RouterEffect;
}

/**
 * A form of one route's fields that Istio accepts with an unexpected effect. The rules of `lint` compare fields with other
 * objects.
 */
export interface Pitfall {
  code: Code;
  /** Whether its findings may be `removable`. @default false */
  mayRepair?: boolean;
  /** Paths are relative to the route. */
  check(route: Partially<HTTPRoute>): Iterable<PitfallFound>;
}

/** One occurrence of a pitfall. */
export interface PitfallFound {
  path: FieldPath;
  message: string;
  fix: string;
  /** A field that can be removed without an effect on routing. */
  removable?: FieldPath;
}

/** A request as filters see it. */
export interface FilteredRequest {
  method: string;
  headers: HeaderList;
}

/** The decision of a filter about one request. */
export interface FilterDecision {
  /** Milliseconds for which the request is held. */
  delayMs?: number;
  /** A response in place of the destination's. */
  reply?: FilterReply;
  /** The change of any response on its way back through the filter. */
  response?: HeaderChange;
}

/** A response that a filter makes. */
export interface FilterReply {
  /** An `abort` represents a failure of the destination; a `direct` response is the proxy's own. */
  kind: "abort" | "direct";
  status: number;
  headers: HeaderChange;
  /** Whether the route's changes to responses apply. */
  withRouteChanges: boolean;
}

/** A condition on one header, or on the method. */
export interface FilterCondition {
  part: { header: string } | "method";
  match: ValueMatch;
}

/** A response header in terms of the request: a fixed text, or the value of a header of the request. */
export type SymbolicHeader = readonly [name: string, value: { text: string } | { header: string }];

/** Builds the outcomes that `equal` compares. Families depend on `equal` only through this. */
export interface OutcomeBuilder<T> {
  /**
   * Returns whether all requests, or none, meet a condition. Throws if only some do: the caller then splits the set
   * of requests and retries.
   */
  meets(condition: FilterCondition): boolean;
  /** One outcome for some percent of the requests, and another for the rest. */
  sometimes(percent: number, some: T, others: T): T;
  delayed(ms: number, outcome: T): T;
  /** A response of the proxy itself, identified by a name. */
  reply(name: string): T;
  /** Returns an outcome whose response has these headers, replacing present ones with the same names. */
  withHeaders(outcome: T, headers: readonly SymbolicHeader[]): T;
  /** An outcome with the response changes of the route and the drawn destination. */
  withRouteChanges(outcome: T): T;
}

/** The effect of fields on requests that the router forwards, as `equal` compares it. */
export interface RouterEffect {
  /** @param outcome the outcome of requests at their destination */
  outcome<T>(action: ForwardAction, outcome: T, build: RouterOutcomeBuilder<T>): T;
}

/** Builds the outcomes of forwarded requests. */
export interface RouterOutcomeBuilder<T> {
  /** Returns an outcome that is retried on failure by a policy. */
  retried(policy: RetryPolicy, outcome: T): T;
  /** An outcome for which the router waits so long at most. */
  limited(ms: number, outcome: T): T;
  /** An outcome of requests that are copied to a mirror as well. */
  copied(mirror: Mirror, outcome: T): T;
}

/** A filter in front of the router: its effect on one request, and on a whole set of requests. */
export interface RequestFilter {
  /** @param happens draws whether a request is among some percent of all */
  decide(
    action: ForwardAction,
    request: FilteredRequest,
    happens: (percent: number) => boolean,
  ): FilterDecision | undefined;
  /** The same for a set of requests. @param outcome the outcome of requests that pass the filter */
  outcome<T>(action: ForwardAction, outcome: T, build: OutcomeBuilder<T>): T;
  /** Returns all conditions that `outcome` may test. */
  conditions(action: ForwardAction): readonly FilterCondition[];
}
