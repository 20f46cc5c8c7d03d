import { InvalidArgumentError } from "commander";
import { EXIT, Failure } from "../../exit.ts";
import type { Command } from "../../rollout/machine/state.ts";
import type { EngineFlags } from "../engine-options.ts";
import type { Settings } from "../../rollout/plan/plan.ts";

/** The flags of `kyc rollout`. Times are milliseconds. */
export interface RolloutFlags extends EngineFlags {
  to?: string;
  from?: string;
  steps: number[];
  stepTime: number;
  stepLimit: number;
  onUndecided: Settings["onUndecided"];
  bake: number;
  readyDeadline: number;
  look: number;
  alpha: number;
  beta: number;
  tolerateErrors: number;
  tolerateErrorRate: number;
  tolerateLatency: number;
  latencyFloor: number;
  warmPath: string;
  dryRun: boolean;
  pause?: true;
  resume?: true;
  promote?: true;
  abort?: true;
  back?: true;
  status: boolean;
  report: boolean;
  reason: string;
  overwrite: boolean;
  context?: string;
  namespace: string;
  inCluster: boolean;
  image?: string;
  dir?: string;
  output?: "json";
}

/** How a rollout ends, as an exit code. */
export const OUTCOME_EXITS = { promoted: EXIT.ok, "rolled back": EXIT.failed, held: 3 } as const;

/** What may be asked of a rollout, by the flags' names. */
export const COMMANDS = {
  pause: "goes no step further; it is judged on",
  resume: "goes on: after a pause, a hold or a crash",
  promote: "goes to 100 % at once, and ends the time of judging there",
  abort: "goes back to the split as it was",
  back: "the same, also when it was promoted",
} as const;

/** What is asked of a rollout; nothing where one is to begin. */
export function controlOf(flags: RolloutFlags): Command | undefined {
  const names: (keyof typeof COMMANDS)[] = ["pause", "resume", "promote", "abort", "back"];
  return names.find((name) => flags[name]);
}

/** The candidate that is asked for. @throws Failure when none is */
export function candidateOf(service: string, { to }: RolloutFlags): string {
  if (to !== undefined) return to;
  throw new Failure(
    `Which version? ./kyc rollout ${service} --to TAG begins, --status shows; ./kyc rollout --help has the rest.`,
    EXIT.usage,
  );
}

/** How a rollout goes, as the flags say. */
export function settingsOf(flags: RolloutFlags): Settings {
  const { alpha, beta, tolerateErrors, tolerateErrorRate, tolerateLatency, onUndecided } = flags;
  return {
    stepMs: flags.stepTime,
    stepLimitMs: flags.stepLimit,
    onUndecided,
    readyDeadlineMs: flags.readyDeadline,
    forceDeadlineMs: 60_000,
    restoreDeadlineMs: 600_000,
    bakeMs: flags.bake,
    alpha,
    beta,
    tolerateErrors,
    tolerateErrorRate,
    tolerateLatency,
    latencyFloorMs: flags.latencyFloor,
  };
}

/** Parses `--steps`; what they mean is checked with the plan. */
export function percents(text: string): number[] {
  const all = text.split(",").map((part) => Number(part.trim().replace(/%$/, "") || Number.NaN));
  if (all.every((percent) => Number.isFinite(percent))) return all;
  throw new InvalidArgumentError("Percents with commas between are expected, such as 1,10,50,100.");
}
