import { percent } from "../format.ts";
import type { Status } from "../cluster/live/status.ts";
import { drawWorkload } from "./draw-workload.ts";
import type { Style } from "./style.ts";

/** Draws what runs, who decides the split with the share of each revision, and what could not be understood. */
export function drawStatus({ services, split, problems }: Status, style: Style): string[] {
  const lines = drawWorkload(services, style);
  if (split !== undefined) {
    const shares = Object.entries(split.shares).map(([name, share]) => `${name} ${percent(share)}`);
    lines.push("", `${style.bold("split")}  by ${split.by}: ${shares.join(", ")}`);
  }
  if (problems.length > 0) lines.push("", ...problems.map((problem) => `${style.warn("!")} ${problem}`));
  return lines;
}
