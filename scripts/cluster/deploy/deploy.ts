import type { FieldPath, ManifestDocument } from "../../manifests/document.ts";
import { InvalidManifests, type Problem, problemAt } from "../../manifests/problem.ts";
import type { FunctionImage } from "../images/image-tag.ts";
import { ApiError } from "../kube/api-error.ts";
import type { Kube } from "../kube/client.ts";
import { type KubeObject, nameOf, refOf } from "../kube/kube-object.ts";
import { logTail } from "../workload/logs.ts";
import { MANAGER } from "../ownership.ts";
import { UserError } from "../user-error.ts";
import { LiveRevision, REVISION } from "../workload/live-objects.ts";
import type { ServiceView } from "../workload/workload-view.ts";
import { Check } from "typebox/schema";
import { type Conflict, conflictOf } from "./conflict.ts";
import { asksForRestricted, enforcing, whyNotRestricted } from "./pod-security.ts";
import { type DeployStep, planDeploy } from "./deploy-plan.ts";
import { renewPods } from "./restart-pods.ts";
import { withGeneratedValues } from "./generated-secret.ts";
import { withLiveTemplate } from "./live-template.ts";
import { NotReady, untilReady } from "./wait-until-ready.ts";

/** The effect of an apply on an object. */
export type Change = "created" | "changed" | "unchanged" | "skipped" | "in conflict";

/** The progress of a deployment. */
export interface DeployEvents {
  onChange(object: string, change: Change, note: string | undefined): void;
  /** The state of the services while one of them is waited for. */
  onView(view: ServiceView[]): void;
}

export interface DeployOptions {
  kube: Kube;
  documents: readonly ManifestDocument[];
  /** The namespace to deploy to, in place of the files' own. */
  namespace: string;
  images: readonly FunctionImage[];
  events: DeployEvents;
  signal: AbortSignal;
  timeoutMs: number;
  forceConflicts: boolean;
  /** Whether to show only what would change, by a dry run on the API server. */
  dryRun: boolean;
}

export interface Deployed {
  changes: { object: string; change: Change }[];
  conflicts: Conflict[];
}

/** A revision did not become ready. The message ends with the last lines of its log, if it ran. */
export class DeployFailed extends UserError {
  readonly log: readonly string[];
  constructor(message: string, log: readonly string[]) {
    super([message, ...(log.length === 0 ? [] : [LOG_BEGINS, ...log.map((line) => `  ${line}`)])].join("\n"));
    this.log = log;
  }
}

const LOG_BEGINS = "The last lines of its log:";

/**
 * Applies manifests in order and waits for each revision before the next step. Safe to repeat: equal objects do not
 * change.
 * @throws InvalidManifests, ApiError, DeployFailed
 */
export async function deploy(options: DeployOptions): Promise<Deployed> {
  const { kube, documents, images, namespace, events, dryRun } = options;
  const revisions = await revisionImages(kube);
  const { steps, problems } = planDeploy(documents, images, revisions, namespace);
  if (problems.length > 0) throw new InvalidManifests(problems);
  await enforcePodSecurity(kube, steps);
  const done: Deployed = { changes: [], conflicts: [] };
  for (const step of steps) {
    options.signal.throwIfAborted();
    const object = nameOf(refOf(step.object));
    const change = await applyStep(step, options, done.conflicts);
    done.changes.push({ object, change });
    events.onChange(object, change, step.skip ?? step.note);
    if (step.awaits && change !== "skipped" && change !== "in conflict" && !dryRun)
      await waitFor(step.awaits, options);
  }
  if (!dryRun && done.changes.some(isStricter)) {
    const renewed = await renewPods(kube, namespace, options);
    if (renewed > 0)
      events.onChange(`Pods of ${namespace}`, "changed", "restarted because of the change of mTLS");
  }
  return done;
}

/** Enforces the Pod Security Standard that a namespace requests, if Istio's sidecars comply with it. */
async function enforcePodSecurity(kube: Kube, steps: readonly DeployStep[]): Promise<void> {
  const asking = steps.filter(({ object }) => asksForRestricted(object));
  if (asking.length === 0) return;
  const reason = await whyNotRestricted(kube);
  for (const step of asking) {
    if (reason === undefined) step.object = enforcing(step.object);
    else step.note = `Pod Security "restricted" is reported but not enforced: ${reason}`;
  }
}

function isStricter({ object, change }: Deployed["changes"][number]): boolean {
  return object.startsWith("PeerAuthentication ") && (change === "created" || change === "changed");
}

async function applyStep(step: DeployStep, options: DeployOptions, conflicts: Conflict[]): Promise<Change> {
  if (step.skip !== undefined) return "skipped";
  const { kube, dryRun, forceConflicts } = options;
  const ref = refOf(step.object);
  const before = await kube.get(ref);
  const same = withLiveTemplate(withGeneratedValues(step.object, before), before);
  if ("differs" in same) throw new InvalidManifests([revisionChanged(step, same.differs)]);
  try {
    const after = await kube.apply(same.object, { fieldManager: MANAGER, force: forceConflicts, dryRun });
    if (before === undefined) return "created";
    return sameContent(before, after) ? "unchanged" : "changed";
  } catch (error) {
    // In a dry run, a namespace that would be created does not exist for the objects in it.
    if (dryRun && before === undefined && error instanceof ApiError && error.reason === "NotFound")
      return "created";
    const conflict = conflictOf(error, ref);
    if (conflict === undefined) throw error;
    conflicts.push(conflict);
    return "in conflict";
  }
}

function revisionChanged({ document, awaits }: DeployStep, path: FieldPath): Problem {
  return problemAt("revision-changed", document, path, {
    message: `the revision ${awaits?.revision} runs with another value, and a revision never changes`,
    fix: "restore the old value, or add a file with the change and a new spec.template.metadata.name",
    name: awaits?.revision,
  });
}

async function waitFor(awaited: NonNullable<DeployStep["awaits"]>, options: DeployOptions): Promise<void> {
  const { kube, events, signal, timeoutMs } = options;
  try {
    await untilReady(kube, awaited, { signal, timeoutMs, onView: (view) => events.onView(view) });
  } catch (error) {
    if (!(error instanceof NotReady)) throw error;
    const { namespace } = awaited;
    const log = error.place === undefined ? [] : await logTail(kube, { namespace, ...error.place });
    throw new DeployFailed(error.message, log);
  }
}

/** The image of each revision that exists, by `namespace/name`. */
async function revisionImages(kube: Kube): Promise<Map<string, string>> {
  const { items } = await kube.list(REVISION);
  return new Map(
    items.flatMap((item) => {
      if (!Check(LiveRevision, item)) return [];
      const { name, namespace = "default" } = item.metadata;
      return [[`${namespace}/${name}`, item.spec.containers[0]?.image ?? ""]];
    }),
  );
}

/** Whether an apply changed nothing but status and bookkeeping. */
function sameContent(before: KubeObject, after: KubeObject): boolean {
  const content = ({ metadata, spec, ...rest }: KubeObject): string => {
    const { labels, annotations } = metadata;
    const { status: _, ...others } = rest as KubeObject;
    return JSON.stringify({ labels, annotations, spec, others });
  };
  return content(before) === content(after);
}
