import type { HistogramFormat, Meaning } from "./counters.ts";

/** The histogram that a caller of this project keeps of its calls, by upstream, revision and outcome. */
export const CALLS = "http_client_request_duration_seconds";
/** The histogram that a service of this project keeps of its requests, by revision and status. */
export const REQUESTS = "http_server_request_duration_seconds";

/** Outcomes that the caller itself is to blame for. */
const CALLER_MISTAKES = new Set(["client_error", "aborted"]);
/** What stands for a revision where no revision answered. */
const NO_REVISION = new Set(["unknown", "other", ""]);

/** The calls of an upstream, as its callers count them: answers that no revision gave are among them. */
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
    const isCallers = status.startsWith("4");
    return {
      ...answeredBy(revision),
      ok: !status.startsWith("5"),
      excluded: isCallers ? "caller" : undefined,
    };
  },
};

function meaningOfCall({ outcome = "", revision = "" }: Readonly<Record<string, string>>): Meaning {
  const isCallers = CALLER_MISTAKES.has(outcome);
  const ok = isCallers || outcome === "ok";
  return { ...answeredBy(revision), ok, excluded: isCallers ? "caller" : undefined };
}

function answeredBy(revision: string): Pick<Meaning, "revision"> {
  return { revision: NO_REVISION.has(revision) ? undefined : revision };
}
