import Type from "typebox";
import type { FieldPath } from "../../manifests/document.ts";
import { Duration, durationMs, strict } from "../../schema/schema.ts";
import type { Fault as CompiledFault, ForwardAction } from "../../traffic/table.ts";
import type { HTTPRoute } from "../families.ts";
import type { FieldFamily, Report, RequestFilter } from "../field-family.ts";
import { NO_CHANGE } from "../headers/header-list.ts";
import { HTTPStatus, outside, Percent, percentOf } from "../../schema/route-schema.ts";

const Fault = strict(
  {
    delay: Type.Optional(
      strict(
        { percentage: Type.Optional(Percent), fixedDelay: Type.Optional(Duration) },
        {
          unsupported: {
            percent: "this is deprecated: write percentage: {value: …}",
          },
          refused: { exponentialDelay: "Istio does not support it: write fixedDelay" },
        },
      ),
    ),
    abort: Type.Optional(
      strict(
        {
          percentage: Type.Optional(Percent),
          httpStatus: Type.Optional(HTTPStatus),
          grpcStatus: Type.Optional(Type.String()),
        },
        {
          unsupported: {
            grpcStatus: outside("speak gRPC"),
          },
          refused: { http2Error: "Istio does not support it: write httpStatus" },
        },
      ),
    ),
  },
  { minProperties: 1, expected: "delay, abort or both" },
);

const fields = { fault: Type.Optional(Fault) };

/** Envoy's fault filter, which Istio puts in front of all others. */
const filter: RequestFilter = {
  decide({ fault }, _request, happens) {
    if (fault === undefined) return undefined;
    const { delay, abort } = fault;
    const delayMs = delay !== undefined && happens(delay.percent) ? delay.ms : 0;
    if (abort === undefined || !happens(abort.percent)) return { delayMs };
    return {
      delayMs,
      reply: { kind: "abort", status: abort.status, headers: NO_CHANGE, withRouteChanges: true },
    };
  },
  outcome({ fault }, outcome, build) {
    const { delay, abort } = fault ?? {};
    let result = outcome;
    if (abort !== undefined && abort.percent > 0) {
      const aborted = build.withRouteChanges(build.reply(`${abort.status} (a fault)`));
      result = build.sometimes(abort.percent, aborted, result);
    }
    if (delay !== undefined && delay.percent > 0)
      result = build.sometimes(delay.percent, build.delayed(delay.ms, result), result);
    return result;
  },
  conditions: () => [],
};

/** `fault`: holds some requests, or answers them with a failure. */
export const faultFamily = {
  fields,
  onlyForwarding: true,
  compared: { forward: ["fault"], fault: ["delay", "abort"] },
  filter,
} satisfies FieldFamily;

/** Compiles which requests a rule holds, or answers with a failure. */
export function compileFault(
  fault: HTTPRoute["fault"],
  path: FieldPath,
  report: Report,
): Pick<ForwardAction, "fault"> {
  return { fault: fault && readFault(fault, path, report) };
}

function readFault(fault: NonNullable<HTTPRoute["fault"]>, path: FieldPath, report: Report): CompiledFault {
  const { delay, abort } = fault;
  const { fixedDelay } = delay ?? {};
  const { httpStatus, grpcStatus } = abort ?? {};
  const parts = [
    { name: "delay", part: delay, missing: "fixedDelay", isActive: fixedDelay !== undefined },
    {
      name: "abort",
      part: abort,
      missing: "httpStatus",
      isActive: httpStatus !== undefined || grpcStatus !== undefined,
    },
  ] as const;
  for (const { name, part, missing, isActive } of parts) {
    if (part === undefined) continue;
    // istiod leaves it out of Envoy's fault filter. (istio 1.31, pilot/pkg/networking/core/route/route.go, TranslateFault)
    if (!isActive) {
      report("fault-incomplete", [...path, name], `Istio ignores it without ${missing}`, `add ${missing}`);
      continue;
    }
    // The reference: "If not specified, no request will be aborted"; the same holds for a delay.
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
    delay:
      fixedDelay === undefined
        ? undefined
        : { percent: percentOf(delay?.percentage), ms: durationMs(fixedDelay) },
    abort:
      httpStatus === undefined ? undefined : { percent: percentOf(abort?.percentage), status: httpStatus },
  };
}
