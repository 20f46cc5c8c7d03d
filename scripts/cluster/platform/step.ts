import type { PlatformContext } from "./platform-context.ts";

/** The result of inspecting a step. */
export interface Inspection {
  /** Whether the step's result is already there. */
  done: boolean;
  /** What exists, or what is missing. */
  detail: string;
  /** Remarks for the user that do not stop the step. */
  warnings?: readonly string[];
}

/** Reports the current action of a step. @param passing output that changes quickly; shown on a terminal only */
export type Report = (detail: string, passing?: string) => void;

/** One part of the installation. Safe to repeat: it is inspected first, and run only if its result is missing. */
export interface Step {
  /** A short name, also used in the cluster's record of created objects. */
  readonly name: string;
  readonly title: string;
  /** Whether this step starts the cluster: until then, the steps after it cannot be inspected. */
  readonly opensCluster?: boolean;
  /** Whether running the step changes nothing. The user is not asked to confirm it. */
  readonly readsOnly?: boolean;
  inspect(platform: PlatformContext): Promise<Inspection>;
  /**
   * Programs that are missing on this machine, each with a sentence on how to install it.
   * @param isSeen whether there was a cluster to inspect
   */
  needs?(platform: PlatformContext, isSeen: boolean): Promise<readonly string[]>;
  /** Runs the step and waits until the result is ready; resolves with a description of it. */
  run(platform: PlatformContext, report: Report): Promise<string>;
}

/** `due` will be run; `unknown` cannot be inspected yet. */
export type StepState = "waiting" | "looking" | "unknown" | "due" | "there" | "making" | "made" | "failed";

/** The displayed state of a step. */
export interface StepView {
  name: string;
  title: string;
  state: StepState;
  detail: string;
  passing: string;
  warnings: readonly string[];
  /** The start of the run, and its duration in milliseconds. */
  since: number | undefined;
  tookMs: number | undefined;
}
