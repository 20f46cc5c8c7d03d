import Type, { type Static } from "typebox";
import { type FieldNotes, Name, strict } from "../schema/schema.ts";
import { isRecord } from "../schema/value.ts";
import type { ManifestDocument } from "./document.ts";
import { ROLLOUT_FOLDER } from "./folders.ts";

type Notes = FieldNotes & { description: string };

const Text = (description: string) => Type.String({ minLength: 1, description });
const Percents = (description: string) =>
  Type.Array(Type.Number({ minimum: 0, maximum: 100 }), { description });
/** @param expected the form, as messages name it */
const Pattern = (pattern: string, expected: string, description: string) =>
  Type.String({ pattern, expected, description } satisfies Notes & { pattern: string });
const Time = (description: string) =>
  Pattern("^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$", "a time such as 90s, 5m or 1h", description);
const Probability = (description: string) => Type.Number({ exclusiveMinimum: 0, maximum: 0.5, description });
const Percentage = (description: string) =>
  Pattern("^[0-9]+(\\.[0-9]+)?%$", "a percentage such as 25%", description);

/** The file of a rollout, as `rollouts/NAME.yaml` has it: each field is a flag of `kyc rollout`. */
export const RolloutFile = strict(
  {
    service: Type.String({ ...Name, description: "The Knative Service." }),
    to: Text("The candidate: a tag or a revision."),
    from: Type.Optional(Text("The baseline. Default: the one with the largest share.")),
    steps: Type.Optional(Percents("The candidate's shares, rising, up to 100.")),
    stepTime: Type.Optional(Time("The shortest time of a step.")),
    stepLimit: Type.Optional(Time("How long a step may be undecided.")),
    onUndecided: Type.Optional(
      Type.Enum(["hold", "advance", "abort"], { description: "The action after stepLimit." }),
    ),
    bake: Type.Optional(Time("How long the candidate is judged before it gets all traffic.")),
    control: Type.Optional(Percentage("The share that stays on the baseline during bake; 0% for none.")),
    preview: Type.Optional(
      Pattern(
        "^(tag|header:[A-Za-z0-9-]+=.+)$",
        "tag, or header:NAME=VALUE",
        "Before the first percent, only callers that ask for the candidate reach it.",
      ),
    ),
    previewFor: Type.Optional(Time("How long the preview takes.")),
    byRoute: Type.Optional(Type.Boolean({ description: "Whether each route is also judged separately." })),
    check: Type.Optional(
      Type.Array(
        Type.String({
          pattern: "^[a-z][a-z0-9-]{0,31}=.",
          expected: "NAME=WHAT, such as approved=json:$.approved",
        } satisfies FieldNotes & { pattern: string }),
        {
          description:
            "What is compared as well: NAME=json:$.PATH or NAME=header:NAME of answers, or NAME=QUERY of a Prometheus.",
        },
      ),
    ),
    checkPrometheus: Type.Optional(Text("The address of the Prometheus that checks are read from.")),
    approveAt: Type.Optional(Percents("Steps that wait for the approval of another person.")),
    notBetween: Type.Optional(
      Type.Array(Text("A window, such as Fri 16:00-Mon 08:00 Europe/Berlin."), {
        description: "Windows in which no step begins.",
      }),
    ),
    notify: Type.Optional(
      Type.Array(
        Type.String({
          pattern: "^((slack|teams):)?https?://",
          expected: "an address with http:// or https://",
        } satisfies FieldNotes & {
          pattern: string;
        }),
        { description: "Where a CloudEvent for each transition is sent." },
      ),
    ),
    readyDeadline: Type.Optional(Time("How long the candidate may take to become ready.")),
    look: Type.Optional(Time("How long traffic is observed for the plan.")),
    alpha: Type.Optional(
      Probability("The probability of rolling back a candidate that is no worse than tolerated."),
    ),
    beta: Type.Optional(Probability("The probability of calling a harmful step healthy.")),
    tolerateErrors: Type.Optional(Percentage("Failing this much more often is no regression.")),
    tolerateErrorRate: Type.Optional(Percentage("Failing no more often than this is no regression.")),
    tolerateLatency: Type.Optional(Percentage("Taking this much longer is no regression.")),
    latencyFloor: Type.Optional(Time("Latencies below this count as equal.")),
    warmPath: Type.Optional(
      Pattern("^/", "a path that begins with /", "The path of the warm-up requests to the candidate."),
    ),
    engine: Type.Optional(Text("What carries the split. Default: found by looking.")),
    source: Type.Optional(Text("What reports the outcomes of requests. Default: found by looking.")),
    prometheus: Type.Optional(Text("The address of a Prometheus.")),
    prometheusMetrics: Type.Optional(Text("Which metrics it has.")),
    context: Type.Optional(Text("A kubeconfig context.")),
    namespace: Type.Optional(Type.String({ ...Name, description: "A namespace of the cluster." })),
  },
  {
    title: "kyc rollout",
    description: "The plan of a rollout. Each field is the flag of kyc rollout of that name.",
  },
);
export type RolloutFile = Static<typeof RolloutFile>;

/** Whether a document is the file of a rollout: it lies in rollouts/, or it has its fields and is no object of a cluster. */
export function isRolloutFile({ file, value }: ManifestDocument): boolean {
  if (isRecord(value) && ("kind" in value || "apiVersion" in value)) return false;
  const inFolder = new RegExp(`(^|/)${ROLLOUT_FOLDER}/[^/]+$`).test(file);
  return inFolder || (isRecord(value) && "service" in value && "to" in value);
}
