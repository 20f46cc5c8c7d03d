import type { Problem } from "../manifests/problem.ts";
import type { Finding, Severity } from "./finding.ts";

/** A pitfall that reading or compiling the files finds already. */
interface KnownProblem {
  id: string;
  severity: Severity;
  why: string;
  /** The messages that tell it. */
  told: RegExp;
}

/** Those of them that are worth a name; the first that fits is meant. */
export const PROBLEM_RULES: readonly KnownProblem[] = [
  {
    id: "own-host",
    severity: "error",
    why: "Knative writes a VirtualService for its own hosts; a second one is merged in no defined order, or not at all",
    told: /belongs to Knative, which writes/,
  },
  {
    id: "one-virtual-service",
    severity: "error",
    why: "sidecars take the rules of one VirtualService for a host; gateways merge several in no defined order",
    told: /has rules for \S+ too/,
  },
  {
    id: "no-wildcard-on-mesh",
    severity: "error",
    why: "sidecars take no VirtualService for the host *",
    told: /^the host \* is not allowed for sidecars/,
  },
  {
    id: "unreachable-rule",
    severity: "warning",
    why: "the first rule that matches decides; what stands behind one that takes all is never asked",
    told: /^no request gets here/,
  },
  {
    id: "percents-sum",
    severity: "error",
    why: "Knative's webhook refuses a traffic block whose percents do not sum to 100",
    told: /^the percents sum to/,
  },
  {
    id: "weights-zero",
    severity: "error",
    why: "Istio's webhook refuses a route whose weights are all zero",
    told: /weights sum to 0/,
  },
  {
    id: "host-set-twice",
    severity: "error",
    why: "Istio's webhook refuses a rule that rewrites the authority and sets the header Host",
    told: /authority header cannot be set multiple times/,
  },
  {
    id: "retries-off",
    severity: "error",
    why: "Istio's webhook refuses retries that have no attempts and say how to retry",
    told: /^without attempts there are no retries/,
  },
  {
    id: "reserved-port",
    severity: "error",
    why: "the queue proxy beside each container listens on some ports, which the container may not take",
    told: /belongs to Knative's queue proxy/,
  },
  {
    id: "known-subset",
    severity: "error",
    why: "a subset that no DestinationRule has is answered 503",
    told: /^there is no subset/,
  },
  {
    id: "known-revision",
    severity: "warning",
    why: "a traffic block that names a revision which is not there never comes into force",
    told: /^there is no revision/,
  },
  {
    id: "known-host",
    severity: "warning",
    why: "a destination that nothing stands behind is answered 503",
    told: /^there is no host/,
  },
  {
    id: "known-gateway",
    severity: "warning",
    why: "a VirtualService for a Gateway that is not there holds nowhere",
    told: /^there is no Gateway/,
  },
  {
    id: "regex",
    severity: "error",
    why: "Istio takes regular expressions of RE2 alone, of at most 1024 characters",
    told: /not a regular expression that RE2 knows|at most 1024 are allowed/,
  },
  {
    id: "local-mesh",
    severity: "warning",
    why: "the field is fine for a cluster; ./kyc dev does not act on it and so refuses the file",
    told: /^this field is not supported here/,
  },
];

/** What is not one of these. */
export const OTHER_PROBLEM = {
  id: "manifest",
  severity: "error",
  why: "the file is not what its kind says",
} as const;

/** Problems that a rule which looks at objects finds as well. */
const ALSO_FOUND: readonly (readonly [told: RegExp, id: string])[] = [
  [/ has no port [0-9]+$/, "revision-port"],
];

/** A problem as a finding of the rule that it belongs to. */
export function findingOf({ at, field, message, fix, severity }: Problem): Finding {
  const known = PROBLEM_RULES.find(({ told }) => told.test(message));
  // A name that nearly is a known one is a slip of the pen, and not something that stands elsewhere.
  const isSlip = fix?.startsWith("did you mean") === true;
  const weight = known === undefined ? severity : isSlip ? "error" : lighter(known.severity, severity);
  const also = ALSO_FOUND.find(([told]) => told.test(message))?.[1];
  return {
    rule: known?.id ?? also ?? OTHER_PROBLEM.id,
    severity: weight,
    at,
    field,
    message,
    fix,
    repairs: [],
  };
}

function lighter(a: Severity, b: Severity): Severity {
  return a === "warning" || b === "warning" ? "warning" : "error";
}
