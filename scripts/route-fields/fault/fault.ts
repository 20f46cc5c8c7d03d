import type { FieldPath } from "../../manifests/document.ts";
import type { HTTPRoute, Percent } from "../http-route.ts";
import { durationMs } from "../../schema/schema.ts";
import type { Fault } from "../../traffic/table.ts";
import type { Report } from "../../traffic/istio/report.ts";

/** Reads which requests a rule holds up or answers with a failure. */
export function readFault(fault: HTTPRoute["fault"], path: FieldPath, report: Report): Fault | undefined {
  if (fault === undefined) return undefined;
  const { delay, abort } = fault;
  for (const [name, part] of [
    ["delay", delay],
    ["abort", abort],
  ] as const) {
    if (part === undefined) continue;
    // The reference: "If not specified, no request will be aborted", and the same of a delay.
    if (part.percentage?.value === undefined)
      report(
        "fault-percentage",
        [...path, name],
        "without a percentage it happens to no request",
        "add percentage: {value: 100}",
      );
    const value = part.percentage?.value ?? 0;
    if (value > 0 && value < 0.0001)
      report(
        "fault-too-rare",
        [...path, name, "percentage", "value"],
        `${value} is less than Envoy can count`,
        "write 0.0001 at least",
      );
  }
  return {
    delay: delay && { percent: percentOf(delay.percentage), ms: durationMs(delay.fixedDelay) },
    abort: abort && { percent: percentOf(abort.percentage), status: abort.httpStatus },
  };
}

/** A percentage as Envoy counts it, in millionths of all; what goes beyond is cut off. */
export function percentOf(percentage: Percent | undefined): number {
  // The product of two decimal fractions may fall just short of the whole number that it stands for.
  return Math.floor((percentage?.value ?? 0) * 10_000 + 1e-6) / 10_000;
}
