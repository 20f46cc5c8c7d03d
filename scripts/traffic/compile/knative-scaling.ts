import type { Code } from "../../manifests/codes/codes.ts";
import type { FieldPath } from "../../manifests/document.ts";
import {
  AUTOSCALING_ANNOTATIONS,
  isFormerAnnotation,
  scalingAnnotation,
  type KnativeService,
} from "../../manifests/kinds/knative-service.ts";
import { durationMs } from "../../schema/schema.ts";
import { didYouMean } from "../../nearest.ts";

const PREFIX = "autoscaling.knative.dev/";
const ANNOTATIONS = ["spec", "template", "metadata", "annotations"];

// serving, pkg/apis/autoscaling/register.go: WindowMin, WindowMax
const LEAST_WINDOW_MS = 6_000;
const LONGEST_WINDOW_MS = 3_600_000;

/**
 * Reports the scaling annotations of a revision that Knative would reject, beyond the form of each (serving,
 * pkg/apis/autoscaling/annotation_validation.go).
 */
export function checkScaling(
  { metadata, spec }: KnativeService,
  report: (code: Code, path: FieldPath, message: string, fix: string) => void,
): void {
  for (const name of Object.keys(metadata.annotations ?? {})) {
    if (!name.startsWith(PREFIX)) continue;
    const fix = "write it under spec.template.metadata.annotations";
    report(
      "scaling-place",
      ["metadata", "annotations", name],
      "this annotation belongs to a revision, not to the service",
      fix,
    );
  }
  const annotations = spec.template.metadata?.annotations ?? {};
  for (const name of Object.keys(annotations)) {
    if (!name.startsWith(PREFIX) || AUTOSCALING_ANNOTATIONS.includes(name) || isFormerAnnotation(name))
      continue;
    const fix = didYouMean(kebab(name), AUTOSCALING_ANNOTATIONS);
    report("scaling-annotation", [...ANNOTATIONS, name], "unknown scaling annotation", fix);
  }
  const min = scalingAnnotation(annotations, "min-scale") ?? "0";
  const max = Number(scalingAnnotation(annotations, "max-scale") ?? 0);
  if (max > 0 && max < Number(min)) {
    const message = `${max} is less than min-scale, which is ${min}`;
    report(
      "scaling-limits",
      [...ANNOTATIONS, `${PREFIX}max-scale`],
      message,
      `at least ${min} is allowed, or "0" for no limit`,
    );
  }
  const window = scalingAnnotation(annotations, "window");
  if (window === undefined) return;
  const ms = durationMs(window);
  if (ms < LEAST_WINDOW_MS || ms > LONGEST_WINDOW_MS) {
    report(
      "scaling-window",
      [...ANNOTATIONS, `${PREFIX}window`],
      `${window} is not a window that Knative accepts`,
      "give 6s to 1h",
    );
  }
}

/** Converts the deprecated spelling `minScale` to `min-scale`. */
function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
