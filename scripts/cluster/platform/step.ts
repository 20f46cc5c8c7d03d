import type { PlatformContext } from "./platform-context.ts";

/** What was found when a step was inspected. */
export interface Inspection {
  /** Whether the step's result is already there. */
  done: boolean;
  /** What exists, or what is missing. */
  detail: string;
  /** Remarks for the user that do not stop the step. */
  warnings?: readonly string[];
}

/**
 * Reports what a step is doing.
 * @param passing output that changes quickly; shown on a terminal only
 */
export type Report = (detail: string, passing?: string) => void;

/** One part of the installation. Safe to run again: it is inspected first, and run only where its result is missing. */
export interface Step {
  /** A short name, which the cluster's record of what was made uses too. */
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
  /** When the run began, and how long it took, in milliseconds. */
  since: number | undefined;
  tookMs: number | undefined;
}
