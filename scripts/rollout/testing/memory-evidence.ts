import type { EvidenceStore } from "../record/evidence-log.ts";

/** Evidence in memory, so that a virtual clock waits for promises only. */
export function memoryEvidence(): EvidenceStore {
  let [older, newest] = ["", ""];
  return {
    async append(text) {
      newest += text;
      return newest.length;
    },
    async rotate() {
      [older, newest] = [newest, ""];
    },
    lines: async () => `${older}${newest}`.split("\n").slice(0, -1),
  };
}
