import { type Mark, markOf } from "../../traffic/outcome-kind.ts";
import type { HistogramFormat, Meaning } from "./counters.ts";

/** The histogram that a caller of this project keeps of its calls, by upstream, revision and outcome. */
export const CALLS = "http_client_request_duration_seconds";
/** The histogram that a service of this project keeps of its requests, by revision and status. */
export const REQUESTS = "http_server_request_duration_seconds";

/** The values in place of a revision if no revision answered. */
const NO_REVISION = new Set(["unknown", "other", ""]);

/** The calls of an upstream, as its callers count them, with responses that no revision gave. */
export function callsOf(upstream: string): HistogramFormat {
  return {
    names: [CALLS],
    unitMs: 1_000,
    meaningOf: (labels) => (labels["upstream"] === upstream ? meaningOfCall(labels) : undefined),
  };
}

/** The requests of a service, as its own pods count them. */
export const REQUESTS_OF_SERVICE: HistogramFormat = {
  names: [REQUESTS],
  unitMs: 1_000,
  meaningOf({ status = "", revision = "" }) {
    return { ...answeredBy(revision), ...markOf(Number(status)), excluded: undefined };
  },
};

function meaningOfCall({ outcome = "", revision = "" }: Readonly<Record<string, string>>): Meaning {
  const mark = byOutcome(outcome);
  const failure = mark.ok ? {} : { failure: { what: outcome, requestId: "" } };
  return { ...answeredBy(revision), ...mark, ...failure, excluded: undefined };
}

/** The successful outcomes of this project's own calls; all others are failures. */
function byOutcome(outcome: string): Mark {
  switch (outcome) {
    case "ok":
      return markOf(200);
    case "client_error":
      return markOf(400);
    case "aborted":
    case "timeout":
      return markOf(undefined, { gaveUp: true });
    default:
      return markOf(undefined);
  }
}

function answeredBy(revision: string): Pick<Meaning, "revision"> {
  return { revision: NO_REVISION.has(revision) ? undefined : revision };
}
