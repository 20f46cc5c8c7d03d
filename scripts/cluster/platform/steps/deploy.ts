import { describeConflicts } from "../../deploy/conflict.ts";
import type { Deployed } from "../../deploy/deploy.ts";
import { deployFiles, type DeployFilesOptions } from "../../deploy/deploy-files.ts";
import { ApiError } from "../../kube/api-error.ts";
import { Unable } from "../../user-error.ts";
import { readWorkload } from "../../workload/follow.ts";
import type { ServiceView } from "../../workload/workload-view.ts";
import type { Site } from "../platform-context.ts";
import type { Look, Step, Tell } from "../step.ts";

export interface DeployStepOptions {
  /** The project's folder. */
  root: string;
  namespace: string;
  /** The ingress gateway's address; found by trying when undefined. */
  ingress?: string | undefined;
}

/** What the files in `knative/` and `istio/` describe, in force and ready. */
export function deployStep(options: DeployStepOptions): Step {
  return {
    name: "deploy",
    title: "Services and routes",
    look: (site) => look(site, options),
    make: (site, tell) => make(site, options, tell),
  };
}

/** The API server is asked what an apply would change: that is known only there. */
async function look(site: Site, options: DeployStepOptions): Promise<Look> {
  const { namespace } = options;
  let deployed: Deployed;
  try {
    deployed = await run(site, options, { dryRun: true, tell: () => undefined });
  } catch (error) {
    // Neither the namespace nor the kinds are there yet.
    if (error instanceof ApiError && error.code === 404) return { so: false, detail: "not deployed" };
    throw error;
  }
  const changes = deployed.changes.filter(({ change }) => change === "created" || change === "changed");
  const different = changes.length + deployed.conflicts.length;
  if (different > 0)
    return { so: false, detail: `${different} objects of ${namespace} differ from the files` };
  const waiting = waitingFor(await readWorkload(site.kube(), namespace));
  return waiting === undefined
    ? { so: true, detail: `${deployed.changes.length} objects of ${namespace}` }
    : { so: false, detail: waiting };
}

async function make(site: Site, options: DeployStepOptions, tell: Tell): Promise<string> {
  const { changes, conflicts } = await run(site, options, { dryRun: false, tell });
  if (conflicts.length > 0) throw new Unable(describeConflicts(conflicts));
  const changed = changes.filter(({ change }) => change === "created" || change === "changed");
  return `${changed.length} of ${changes.length} objects of ${options.namespace} changed`;
}

function run(
  site: Site,
  { root, namespace, ingress }: DeployStepOptions,
  { dryRun, tell }: { dryRun: boolean; tell: Tell },
): Promise<Deployed> {
  const events: DeployFilesOptions["events"] = {
    onImage: () => undefined,
    onChange: (object, change) => tell("applying", `${object}: ${change}`),
    onView: (view) => tell(waitingFor(view) ?? "applying"),
  };
  return deployFiles({
    root,
    kube: site.kube(),
    env: site.env,
    namespace,
    istio: "istio",
    ingress,
    // They are on the nodes since the step before.
    buildImages: false,
    forceConflicts: false,
    dryRun,
    timeoutMs: site.timeoutMs,
    signal: site.signal,
    events,
  });
}

/** The first service or revision that is not ready, with its reason. */
function waitingFor(services: readonly ServiceView[]): string | undefined {
  for (const service of services) {
    const revision = service.revisions.find(({ health }) => health === "waiting" || health === "failed");
    const late = revision ?? (service.health === "ready" ? undefined : service);
    if (late !== undefined) return `${late.name}: ${late.message ?? "not ready yet"}`;
  }
  return undefined;
}
