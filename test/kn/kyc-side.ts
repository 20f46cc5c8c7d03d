import { knFlagsOf, type SplitFlags } from "../../scripts/commands/split/flags.ts";
import { splitCommand } from "../../scripts/commands/split.ts";
import { Failure } from "../../scripts/exit.ts";
import { computeTraffic } from "../../scripts/traffic/kn/compute.ts";
import { type KnTarget, withDefaults } from "../../scripts/traffic/kn/target.ts";
import { webhookRefusal } from "../../scripts/traffic/kn/webhook.ts";
import type { Case } from "./cases.ts";
import type { Answer } from "./real-kn.ts";

const WEBHOOK =
  'admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: ';

/** What `kyc split` makes of a case: the traffic block, or the sentence of a refusal. */
export function kycAnswer({ service, spec, status, revisions, latest, args }: Case): KnTarget[] | string {
  const command = splitCommand();
  try {
    command.parseOptions([service, ...args]);
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
  const traffic = withDefaults(spec);
  const state = { service, traffic, observed: status, revisions, latest };
  const result = computeTraffic(state, knFlagsOf(command.opts<SplitFlags>()));
  if ("refusal" in result) return result.refusal;
  return webhookRefusal(result.traffic) ?? result.traffic;
}

/** kn's answer written in the same way. */
export function knAnswer({ traffic, refusal, webhook }: Answer): KnTarget[] | string {
  return refusal ?? (webhook === undefined ? (traffic ?? []) : WEBHOOK + webhook);
}
