import { availableParallelism } from "node:os";
import type { KnativeService } from "../../manifests/kinds/knative-service.ts";
import { scalingAnnotation } from "../../manifests/kinds/knative-service.ts";
import { durationMs } from "../../schema/schema.ts";

type RevisionTemplate = KnativeService["spec"]["template"];

/** The limits of a revision's number of processes, and the thresholds for changing it. */
export interface Scaling {
  /** The minimum and maximum number of processes. */
  min: number;
  max: number;
  /** The number of processes at the start, and after a request to a revision without any. */
  initial: number;
  activation: number;
  /** Concurrent requests per process above which more processes start. */
  target: number;
  /** The greatest number of concurrent requests per process; infinity for no limit. */
  limit: number;
  /** Seconds over which load is averaged, and the shorter window in which a burst is detected. */
  windowSeconds: number;
  panicSeconds: number;
  /** A burst is a load of this many times the target of all ready processes. */
  panicThreshold: number;
  /** Seconds that the last process remains after the window. */
  retentionSeconds: number;
}

// Knative's own defaults (serving, config/core/configmaps/autoscaler.yaml).
const DEFAULT_TARGET = 100;
const DEFAULT_UTILIZATION = 70;
const DEFAULT_WINDOW = "60s";
const DEFAULT_PANIC_WINDOW = 10;
const DEFAULT_PANIC_THRESHOLD = 200;
// (serving, pkg/apis/autoscaling/register.go, TargetMin)
const LEAST_TARGET = 0.01;

/**
 * Reads a revision's scaling from its template, with Knative's defaults. Two differ on one machine: without max-scale
 * there is at most one process per processor; and an explicit min-scale "0" without initial-scale starts no process
 * before the first request.
 */
export function scalingOf(
  { metadata, spec }: RevisionTemplate,
  processors = availableParallelism(),
): Scaling {
  const annotations = metadata?.annotations ?? {};
  const text = (name: AnnotationName): string | undefined => scalingAnnotation(annotations, name);
  const number = (name: AnnotationName, otherwise: number): number => Number(text(name) ?? otherwise);
  const seconds = (name: AnnotationName, otherwise: string): number =>
    durationMs(text(name) ?? otherwise) / 1000;
  const { containerConcurrency = 0 } = spec;
  const limit = containerConcurrency === 0 ? Number.POSITIVE_INFINITY : containerConcurrency;
  const min = number("min-scale", 0);
  const max = number("max-scale", 0) || Math.max(processors, min);
  const windowSeconds = seconds("window", DEFAULT_WINDOW);
  const panicWindow = number("panic-window-percentage", DEFAULT_PANIC_WINDOW);
  return {
    min,
    max,
    initial: Math.min(max, Math.max(min, number("initial-scale", text("min-scale") === "0" ? 0 : 1))),
    activation: Math.min(max, Math.max(min, number("activation-scale", 1))),
    target: targetOf(text("target"), limit, number("target-utilization-percentage", DEFAULT_UTILIZATION)),
    limit,
    windowSeconds,
    panicSeconds: Math.max(1, Math.round((windowSeconds * panicWindow) / 100)),
    panicThreshold: number("panic-threshold-percentage", DEFAULT_PANIC_THRESHOLD) / 100,
    retentionSeconds: seconds("scale-to-zero-pod-retention-period", "0s"),
  };
}

type Annotations = NonNullable<NonNullable<RevisionTemplate["metadata"]>["annotations"]>;
type AnnotationName = keyof Annotations extends `autoscaling.knative.dev/${infer Name}` ? Name : never;

// (serving, pkg/reconciler/autoscaling/resources/target.go, ResolveMetricTarget)
function targetOf(written: string | undefined, limit: number, utilization: number): number {
  const whole = Number(written ?? DEFAULT_TARGET);
  const total =
    limit === Number.POSITIVE_INFINITY ? whole : Math.min(limit, written === undefined ? limit : whole);
  return Math.max(LEAST_TARGET, (total * utilization) / 100);
}
