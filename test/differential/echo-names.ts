/** The three revisions that every table can send to. */
export const REVISIONS = ["echo-one", "echo-two", "echo-three"] as const;

/** The revision that receives mirrored copies only. */
export const MIRROR = "echo-mirror";

/** All revisions. */
export const ECHOES = [...REVISIONS, MIRROR] as const;

/** The headers that control an echo. */
export const ASKS = {
  /** The name of the request, by which an echo stores it. */
  case: "x-case",
  /** `STATUS COUNT`: the status of the first COUNT tries; `reset COUNT` closes the connection instead. */
  fail: "x-fail",
  /** Milliseconds to wait before the answer. */
  sleep: "x-sleep",
} as const;
