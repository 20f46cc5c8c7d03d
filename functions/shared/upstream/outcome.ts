import { BodyOverLimit } from "../http/bounded-text.ts";

/**
 * The outcome of a call to an upstream. `unreachable` covers all other failures: an unknown host, no route to it, a server
 * that does not speak HTTP. `aborted` means that this service's own caller closed its connection.
 */
export const OUTCOMES = [
  "ok",
  "refused",
  "reset",
  "timeout",
  "unreachable",
  "not_json",
  "wrong_shape",
  "too_large",
  "client_error",
  "server_error",
  "aborted",
] as const;
/** How one call ended. */
export type Outcome = (typeof OUTCOMES)[number];

/** The outcomes that are failures of the upstream. */
export type FailedOutcome = Exclude<Outcome, "ok" | "aborted">;

/** The outcome of a call whose fetch failed, by the error's code and those of its causes. */
export function outcomeOfError(error: unknown): FailedOutcome {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof BodyOverLimit) return "too_large";
    const code: unknown = "code" in at ? at.code : undefined;
    if (code === "ECONNREFUSED") return "refused";
    if (code === "ECONNRESET" || code === "EPIPE") return "reset";
  }
  return "unreachable";
}

/** The outcome that follows from the status; undefined if the body decides. */
export function outcomeOfStatus(status: number): FailedOutcome | undefined {
  if (status >= 500) return "server_error";
  if (status >= 400) return "client_error";
  return status >= 200 && status < 300 ? undefined : "wrong_shape";
}
