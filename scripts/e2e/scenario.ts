import type { Deployed } from "../cluster/deploy/deploy.ts";
import type { FunctionImage } from "../cluster/images/image-tag.ts";
import type { Kube } from "../cluster/kube/client.ts";
import type { CheckResult } from "../cluster/verify/check.ts";

/** The cluster and folders that a scenario works on. */
export interface Stage {
  kube: Kube;
  namespace: string;
  /** The project's folder. */
  root: string;
  /** The ingress gateway, the only target of the load. */
  ingress: string;
  images: readonly FunctionImage[];
  signal: AbortSignal;
  /** Reports the current action. */
  report(what: string): void;
  /** Applies folders, each object as `change` makes it, and waits until everything in them is ready. */
  deploy(folders: readonly string[], change?: (object: unknown) => unknown): Promise<Deployed>;
  /** Removes everything that was deployed; resolves with the names of the objects that remain. */
  takeBack(): Promise<string[]>;
}

/** One part of the end-to-end test. */
export interface Scenario {
  name: string;
  /** Runs the scenario and returns its checks. */
  run(stage: Stage): Promise<CheckResult[]>;
  /** Restores what the scenario changed; also called after a failure. Idempotent. */
  clean?(stage: Stage): Promise<unknown>;
}

/** The folders of the whole deployment. A scenario that applies others restores these. */
export const WHOLE = ["knative", "istio"];

/** A check of a figure that must not exceed a bound; without a bound it is reported and always passes. */
export function figure(
  group: string,
  name: string,
  seen: number,
  unit: string,
  atMost?: number,
): CheckResult {
  const text = `${Number.isInteger(seen) ? seen : seen.toFixed(seen < 10 ? 2 : 0)} ${unit}`.trim();
  const expected = atMost === undefined ? text : `at most ${atMost} ${unit}`.trim();
  return { group, name, expected, seen: text, ok: atMost === undefined || seen <= atMost };
}

/** The deployment options of the end-to-end test: it overwrites changes, without output. */
export const QUIETLY = {
  forceConflicts: true,
  dryRun: false,
  timeoutMs: 180_000,
  events: { onChange() {}, onView() {}, onImage() {} },
};
