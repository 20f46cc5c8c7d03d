import { knFlagsOf, type SplitFlags } from "../../scripts/commands/split/flags.ts";
import { splitCommand } from "../../scripts/commands/split.ts";
import { Failure } from "../../scripts/exit.ts";
import type { KnFlags } from "../../scripts/traffic/kn/flags.ts";
import { computeTraffic } from "../../scripts/traffic/kn/compute.ts";
import { type KnTarget, withDefaults } from "../../scripts/traffic/kn/target.ts";
import { webhookRefusal } from "../../scripts/traffic/kn/webhook.ts";
import type { Case } from "./commands.ts";
import type { Answer } from "./real-kn.ts";

const WEBHOOK =
  'admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: ';

/** The result of `kyc split` for a case: the traffic block, or the sentence of a refusal. */
export function kycAnswer(of: Case): KnTarget[] | string {
  const flags = flagsOf(of);
  if (typeof flags === "string") return flags;
  const { service, spec, status, revisions, latest } = of;
  const state = { service, traffic: withDefaults(spec), observed: status, revisions, latest };
  const result = computeTraffic(state, flags);
  if ("refusal" in result) return result.refusal;
  return webhookRefusal(result.traffic) ?? result.traffic;
}

/** A case's arguments as the command reads them, or the sentence of a refusal. */
export function flagsOf({ service, args }: Case): KnFlags | string {
  const command = splitCommand();
  try {
    command.parseOptions([service, ...args]);
    return knFlagsOf(command.opts<SplitFlags>());
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

/** kn's result in the same form. */
export function knAnswer({ traffic, refusal, webhook }: Answer): KnTarget[] | string {
  return refusal ?? (webhook === undefined ? (traffic ?? []) : WEBHOOK + webhook);
}
