/** The three revisions that every table can send to. */
export const REVISIONS = ["echo-one", "echo-two", "echo-three"] as const;

/** The revision that gets copies and nothing else, so that what it got is known to be one. */
export const MIRROR = "echo-mirror";

/** All of them. */
export const ECHOES = [...REVISIONS, MIRROR] as const;
