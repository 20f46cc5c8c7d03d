import type { KnState } from "../compute.ts";
import { type KnTarget, resolved } from "../target.ts";

/** The existing revisions; the last is the latest. */
export const REVISIONS = ["echo-v0", "echo-v1", "echo-v2", "echo-v3"];

/** Makes a state from targets written as `REVISION[#TAG] PERCENT`, with @latest for echo-v3. */
export function stateOf(...targets: string[]): KnState {
  const traffic = targets.map((text): KnTarget => {
    const [, revision = "", tag, percent] = /^([^# ]+)(?:#(\S+))? (\d+)$/.exec(text) ?? [];
    const latestRevision = revision === "@latest";
    return {
      ...(tag === undefined ? {} : { tag }),
      ...(latestRevision ? {} : { revisionName: revision }),
      latestRevision,
      percent: Number(percent),
    };
  });
  return {
    service: "echo",
    traffic,
    observed: resolved(traffic, "echo-v3"),
    revisions: REVISIONS,
    latest: "echo-v3",
  };
}
