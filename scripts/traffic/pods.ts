import type { WeightedBackend } from "../route-fields/field-family.ts";
import type { Pods } from "./compile/service-plan.ts";

/** The labels of pods. */
export type Labels = Readonly<Record<string, string>>;

/** Whether pods have all of the wanted labels. */
export function hasAll(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/**
 * Returns the Deployments that answer for a Service or a subset of it, weighted by replicas. If there are none,
 * returns one without a process, so that requests are answered 503.
 */
export function podBackends(
  pods: readonly Pods[],
  namespace: string,
  name: string,
  subset?: string,
): [WeightedBackend, ...WeightedBackend[]] {
  const [first, ...others] = pods
    .filter(({ replicas }) => replicas > 0)
    .map(({ revision, replicas }): WeightedBackend => {
      return { backend: { kind: "revision", revision }, weight: replicas };
    });
  if (first !== undefined) return [first, ...others];
  const revision = `${namespace}/Service ${name}${subset === undefined ? "" : `, subset ${subset}`}`;
  return [{ backend: { kind: "revision", revision }, weight: 1 }];
}
