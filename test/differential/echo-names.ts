/** The three revisions that every table can send to. */
export const REVISIONS = ["echo-one", "echo-two", "echo-three"] as const;

/** The revision that gets copies and nothing else, so that what it got is known to be one. */
export const MIRROR = "echo-mirror";

/** All of them. */
export const ECHOES = [...REVISIONS, MIRROR] as const;

/** What a request can ask of an echo, by headers. */
export const ASKS = {
  /** Names the request: what an echo remembers, it remembers by this. */
  case: "x-case",
  /** `STATUS COUNT`: the first so many tries are answered by this status; `reset COUNT` by none. */
  fail: "x-fail",
  /** Milliseconds to wait before the answer. */
  sleep: "x-sleep",
} as const;
