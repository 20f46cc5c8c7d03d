import type { PlatformContext } from "./platform-context.ts";

/** What was found when a step was looked at. */
export interface Inspection {
  /** Whether it is so already: then there is nothing to do. */
  done: boolean;
  /** What is there, or what is missing. */
  detail: string;
  /** What the user should know, and what does not stop the step. */
  warnings?: readonly string[];
}

/**
 * Tells what a step does now.
 * @param passing what changes all the time; shown on a terminal only
 */
export type Report = (detail: string, passing?: string) => void;

/** One part of the way to a running system. Safe to run again: it is looked at first, and made only where it is not so. */
export interface Step {
  /** A short name, which the cluster's record of what was made uses too. */
  readonly name: string;
  readonly title: string;
  /** Whether the cluster comes into being by this step: until then, those after it cannot look. */
  readonly opensCluster?: boolean;
  /** Whether making it changes nothing: a check. Nobody has to agree to it. */
  readonly readsOnly?: boolean;
  inspect(platform: PlatformContext): Promise<Inspection>;
  /**
   * What is missing on this machine to make it, each in a sentence that says how to get it.
   * @param isSeen whether there was a cluster to look at
   */
  needs?(platform: PlatformContext, isSeen: boolean): Promise<readonly string[]>;
  /** Makes it so and waits until it is ready; what is there now. */
  run(platform: PlatformContext, report: Report): Promise<string>;
}

/** `due` is what will be made; `unknown` cannot be looked at yet. */
export type StepState = "waiting" | "looking" | "unknown" | "due" | "there" | "making" | "made" | "failed";

/** How a step is doing: the data that is drawn. */
export interface StepView {
  name: string;
  title: string;
  state: StepState;
  detail: string;
  passing: string;
  warnings: readonly string[];
  /** When making it began, and how long it took, in milliseconds. */
  since: number | undefined;
  tookMs: number | undefined;
}
