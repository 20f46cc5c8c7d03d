import { counted } from "../../../format.ts";
import { describeConflicts } from "../../deploy/conflict.ts";
import type { Deployed } from "../../deploy/deploy.ts";
import { deployFiles, type DeployFilesOptions } from "../../deploy/deploy-files.ts";
import { ApiError } from "../../kube/api-error.ts";
import { UserError } from "../../user-error.ts";
import { readWorkload } from "../../workload/follow.ts";
import type { ServiceView } from "../../workload/workload-view.ts";
import type { PlatformContext } from "../platform-context.ts";
import type { Inspection, Step, Report } from "../step.ts";

export interface DeployStepOptions {
  /** The project's folder. */
  root: string;
  namespace: string;
  /** The ingress gateway's address. @default detected */
  ingress?: string | undefined;
}

/** Deploys the objects of the files in `knative/` and `istio/`, and waits until they are ready. */
export function deployStep(options: DeployStepOptions): Step {
  return {
    name: "deploy",
    title: "Services and routes",
    inspect: (platform) => inspect(platform, options),
    run: (platform, report) => run(platform, options, report),
  };
}

/** Determines what an apply would change, by a dry run on the API server. */
async function inspect(platform: PlatformContext, options: DeployStepOptions): Promise<Inspection> {
  const { namespace } = options;
  let deployed: Deployed;
  try {
    deployed = await deployOnto(platform, options, { dryRun: true, report: () => undefined });
  } catch (error) {
    // The namespace or a kind does not exist yet.
    if (error instanceof ApiError && error.code === 404) return { done: false, detail: "not deployed" };
    throw error;
  }
  const changes = deployed.changes.filter(({ change }) => change === "created" || change === "changed");
  const different = changes.length + deployed.conflicts.length;
  if (different > 0)
    return {
      done: false,
      detail: `${counted(different, "object")} of ${namespace} ${different === 1 ? "differs" : "differ"} from the files`,
    };
  const waiting = waitingFor(await readWorkload(platform.kube(), namespace));
  return waiting === undefined
    ? { done: true, detail: `${counted(deployed.changes.length, "object")} of ${namespace}` }
    : { done: false, detail: waiting };
}

async function run(platform: PlatformContext, options: DeployStepOptions, report: Report): Promise<string> {
  const { changes, conflicts } = await deployOnto(platform, options, { dryRun: false, report });
  if (conflicts.length > 0) throw new UserError(describeConflicts(conflicts));
  const changed = changes.filter(({ change }) => change === "created" || change === "changed");
  return `${changed.length} of ${changes.length} objects of ${options.namespace} changed`;
}

function deployOnto(
  platform: PlatformContext,
  { root, namespace, ingress }: DeployStepOptions,
  { dryRun, report }: { dryRun: boolean; report: Report },
): Promise<Deployed> {
  const events: DeployFilesOptions["events"] = {
    onImage: () => undefined,
    onChange: (object, change) => report("applying", `${object}: ${change}`),
    onView: (view) => report(waitingFor(view) ?? "applying"),
  };
  return deployFiles({
    root,
    kube: platform.kube(),
    env: platform.env,
    namespace,
    istio: "istio",
    ingress,
    // The step before has loaded them.
    buildImages: false,
    forceConflicts: false,
    dryRun,
    timeoutMs: platform.timeoutMs,
    signal: platform.signal,
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
