import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import type { Entry } from "../journal/journal.ts";
import type { Phase } from "../machine/state.ts";
import type { Plan } from "../plan/plan.ts";
import { doing } from "../run/view.ts";

/** The phases that people and the cluster's events are notified of; the others are brief. */
const TOLD: ReadonlySet<Phase> = new Set<Phase>([
  "previewing",
  "judging",
  "waiting",
  "baking",
  "promoted",
  "restoring",
  "rolled back",
  "held",
]);

/** The phases that need attention. */
const WARNINGS: ReadonlySet<Phase> = new Set<Phase>(["waiting", "restoring", "rolled back", "held"]);

/** Describes a transition in a sentence for people; undefined if they are not notified. */
export function noticeOf(plan: Plan, { state }: Entry): string | undefined {
  if (!TOLD.has(state.phase)) return undefined;
  const { service, baseline, candidate } = plan;
  const why = state.reason === "" ? "" : `: ${state.reason}`;
  return `${service}, ${baseline} → ${candidate}: ${doing(plan, state)}${why}`;
}

/** The longest message of a Kubernetes Event, in bytes. */
const MOST_BYTES = 1_024;

/**
 * Returns a transition as a Kubernetes Event on the Knative Service; undefined if none is written.
 * @param uid of the Knative Service, without which `kubectl describe` does not find the event
 */
export function kubernetesEventOf(
  plan: Plan,
  entry: Entry,
  { namespace, uid }: { namespace: string; uid: string | undefined },
): KubeObject | undefined {
  const message = noticeOf(plan, entry);
  if (message === undefined) return undefined;
  const { phase } = entry.state;
  const at = new Date(entry.event?.atMs ?? plan.atMs).toISOString().replace(/\.\d+Z$/, "Z");
  const reason = phase.replaceAll(/(?:^| )([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const event = {
    apiVersion: "v1",
    kind: "Event",
    // A process that continues after a crash does not write it twice.
    metadata: { name: `${plan.id}.${entry.seq}`, namespace },
    involvedObject: {
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      namespace,
      name: plan.service,
      ...(uid === undefined ? {} : { uid }),
    },
    type: WARNINGS.has(phase) ? "Warning" : "Normal",
    reason: `Rollout${reason}`,
    message: shortened(message),
    source: { component: "kyc-rollout" },
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  };
  return event;
}

function shortened(text: string): string {
  let short = text;
  while (Buffer.byteLength(short) > MOST_BYTES) short = `${short.slice(0, -2)}…`;
  return short;
}
