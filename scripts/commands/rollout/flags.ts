import { InvalidArgumentError } from "commander";
import { EXIT, Failure } from "../../exit.ts";
import type { Command } from "../../rollout/machine/state.ts";
import { ANSWER_FIELD_FORMS, namesAnswerField, readAnswerField } from "../../traffic/answer-field.ts";
import type { EngineFlags } from "../options/engine-options.ts";
import { parseAddress } from "../../text/notify-address.ts";
import type { Settings } from "../../rollout/plan/settings.ts";
import type { Criterion } from "../../shadow/criteria.ts";
import type { OutputFormat } from "../../text/data.ts";

/** The flags of `kyc rollout`. Times are milliseconds. */
export interface RolloutFlags extends EngineFlags {
  file?: string;
  to?: string;
  from?: string;
  steps: number[];
  stepTime: number;
  stepLimit: number;
  onUndecided: Settings["onUndecided"];
  bake: number;
  control: number;
  approveAt: number[];
  notBetween: string[];
  notify: string[];
  by?: string;
  readyDeadline: number;
  look: number;
  alpha: number;
  beta: number;
  tolerateErrors: number;
  tolerateErrorRate: number;
  tolerateLatency: number;
  latencyFloor: number;
  byRoute: boolean;
  check: { name: string; query: string }[];
  checkPrometheus?: string;
  /** How callers ask for the candidate before it has a share. */
  preview?: { header?: string; value?: string };
  previewFor?: number;
  warmPath: string;
  /** How long the candidate is compared in shadow before the first step; undefined for not at all. */
  shadow?: number;
  shadowPercent: number;
  accept: readonly Criterion[];
  dryRun: boolean;
  write: boolean;
  pause?: true;
  resume?: true;
  promote?: true;
  approve?: true;
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
  dir: string;
  output?: OutputFormat;
}

/** How a rollout ends, as an exit code. */
export const OUTCOME_EXITS = { promoted: EXIT.ok, "rolled back": EXIT.failed, held: 3 } as const;

/** The commands to a rollout, by the names of their flags. */
export const COMMANDS = {
  pause: "stops advancing; judging continues",
  resume: "continues after a pause, a hold or a crash",
  promote: "goes to 100 % at once, without further judging",
  approve: "approves the step that waits at --approve-at; not for the person who started the rollout",
  abort: "restores the original split",
  back: "restores the original split, also after promotion",
} as const;

/** The command in the flags; undefined if they begin a rollout. */
export function controlOf(flags: RolloutFlags): Command | undefined {
  const names: (keyof typeof COMMANDS)[] = ["pause", "resume", "promote", "approve", "abort", "back"];
  return names.find((name) => flags[name]);
}

/** The candidate in the flags. @throws Failure if there is none */
export function candidateOf(service: string, { to }: RolloutFlags): string {
  if (to !== undefined) return to;
  throw new Failure(
    `Name the version: ./kyc rollout ${service} --to TAG starts a rollout, --status shows it; ./kyc rollout --help lists all options.`,
    EXIT.usage,
  );
}

const PREVIEW_MS = 600_000;

/** The settings in the flags. @throws Failure if one needs another */
export function settingsOf(flags: RolloutFlags): Settings {
  const { alpha, beta, tolerateErrors, tolerateErrorRate, tolerateLatency, onUndecided } = flags;
  if (flags.previewFor !== undefined && flags.preview === undefined)
    throw new Failure("--preview-for needs --preview header:NAME=VALUE or --preview tag.", EXIT.usage);
  return {
    stepMs: flags.stepTime,
    stepLimitMs: flags.stepLimit,
    onUndecided,
    readyDeadlineMs: flags.readyDeadline,
    forceDeadlineMs: 60_000,
    restoreDeadlineMs: 600_000,
    bakeMs: flags.bake,
    controlPercent: flags.control,
    approveAt: flags.approveAt,
    notBetween: flags.notBetween,
    notify: flags.notify.length === 0 && process.env["K_SINK"] ? [process.env["K_SINK"]] : flags.notify,
    alpha,
    beta,
    tolerateErrors,
    tolerateErrorRate,
    tolerateLatency,
    latencyFloorMs: flags.latencyFloor,
    ...(flags.check.length > 0 ? { checks: flags.check } : {}),
    ...(flags.preview === undefined
      ? {}
      : { preview: { ...flags.preview, forMs: flags.previewFor ?? PREVIEW_MS } }),
    ...(flags.byRoute ? { byRoute: true } : {}),
  };
}

/** Parses `--control`: a whole percent from 0 to 50. */
export function controlPercent(text: string): number {
  const percent = /^\d+ ?%?$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  if (percent >= 0 && percent <= 50) return percent;
  throw new InvalidArgumentError("A whole percent from 0 to 50 is expected, such as 10%.");
}

/** Adds a `--not-between`; its form is checked with the plan. */
export function freezeWindow(text: string, before: string[]): string[] {
  return [...before, text.trim()];
}

/** Adds a `--notify`. */
export function notifyAddress(text: string, before: string[]): string[] {
  if (parseAddress(text) !== undefined) return [...before, text];
  throw new InvalidArgumentError(
    "A URL with http:// or https:// is expected, with the prefix slack: or teams: for a chat.",
  );
}

/** Adds a `--check`: a name, and a field of answers or a query that names the revision. */
export function check(text: string, before: RolloutFlags["check"]): RolloutFlags["check"] {
  const [, name, query] = /^([a-z][a-z0-9-]{0,31})=(.+)$/s.exec(text) ?? [];
  if (name === undefined || query === undefined)
    throw new InvalidArgumentError(
      "NAME=WHAT is expected, with a name of lowercase letters, digits and dashes.",
    );
  const isField = namesAnswerField(query);
  if (isField && readAnswerField(query) === undefined)
    throw new InvalidArgumentError(
      `${query} is not a field of a response: ${ANSWER_FIELD_FORMS} is expected.`,
    );
  if (!isField && !query.includes("$revision"))
    throw new InvalidArgumentError(
      'The query has to say which revision it is about, by $revision in its place: max(queue{revision="$revision"}). A field of answers is json:$.approved or header:x-score.',
    );
  if (before.some((each) => each.name === name))
    throw new InvalidArgumentError(`There are two checks with the name ${name}.`);
  return [...before, { name, query }];
}

/** Parses `--preview`: `tag`, or a header and its value. */
export function preview(text: string): NonNullable<RolloutFlags["preview"]> {
  if (text === "tag") return {};
  const [, header, value] = /^header:([A-Za-z0-9-]{1,64})=([\x21-\x7e]{1,128})$/.exec(text) ?? [];
  if (header !== undefined && value !== undefined) return { header: header.toLowerCase(), value };
  throw new InvalidArgumentError(
    "tag is expected, or a header and its value, such as header:x-preview=advanced.",
  );
}

/** Parses `--steps`; what they mean is checked with the plan. */
export function percents(text: string): number[] {
  const all = text.split(",").map((part) => Number(part.trim().replace(/%$/, "") || Number.NaN));
  if (all.every((percent) => Number.isFinite(percent))) return all;
  throw new InvalidArgumentError("Percents separated by commas are expected, such as 1,10,50,100.");
}
