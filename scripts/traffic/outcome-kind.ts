/** The outcome of a request for its caller. */
export const OUTCOME_KINDS = ["success", "error", "rejected", "abandoned"] as const;
export type OutcomeKind = (typeof OUTCOME_KINDS)[number];

/** An answer, or the absence of one. */
export interface Answer {
  /** The status of the answer; undefined without one. */
  status?: number | undefined;
  /** False if the answer had a status of success and a wrong body. */
  bodyOk?: boolean | undefined;
  /** Whether the caller gave up before there was an answer, by its own timeout or by closing the connection. */
  gaveUp?: boolean | undefined;
}

/**
 * The kind of each outcome. A separate test compares each kind between the revisions: what both have in common is not
 * evidence, an excess of one is.
 *
 * | outcome                                                                | kind        | latency is compared |
 * | ---------------------------------------------------------------------- | ----------- | ------------------- |
 * | 1xx to 3xx with a right body                                           | `success`   | yes                 |
 * | 5xx; no answer (reset, refused, proxy's timeout); a wrong body         | `error`     | no                  |
 * | 4xx but 408                                                            | `rejected`  | no                  |
 * | the caller gave up: its timeout, a closed connection, 408, 499         | `abandoned` | no                  |
 */
export function outcomeKind({ status, bodyOk = true, gaveUp = false }: Answer): OutcomeKind {
  if (gaveUp || status === 408 || status === 499) return "abandoned";
  if (status === undefined || status >= 500) return "error";
  if (status >= 400) return "rejected";
  return bodyOk ? "success" : "error";
}

/** An outcome as sources report it: whether the service succeeded, and a more precise kind, if any. */
export interface Mark {
  readonly ok: boolean;
  readonly kind: "rejected" | "abandoned" | undefined;
}

/** Returns the outcome of an answer by its status; undefined means no answer. */
export function markOf(status: number | undefined, more: Omit<Answer, "status"> = {}): Mark {
  const kind = outcomeKind({ status, ...more });
  return { ok: isOk(kind), kind: kind === "rejected" || kind === "abandoned" ? kind : undefined };
}

/** Whether the service succeeded: a rejection is an answer, and a caller that gave up has none. */
export function isOk(kind: OutcomeKind): boolean {
  return kind === "success" || kind === "rejected";
}
