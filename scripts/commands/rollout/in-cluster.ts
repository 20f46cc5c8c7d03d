import { stringify } from "yaml";
import type { Kube } from "../../cluster/kube/client.ts";
import { nameOf, refOf } from "../../cluster/kube/kube-object.ts";
import { CLUSTER_ENGINES } from "../../engines/registry.ts";
import { EXIT, Failure } from "../../exit.ts";
import { PROJECT } from "../../project.ts";
import { type JobOptions, jobObjects } from "../../rollout/in-cluster/job-objects.ts";
import { LockTaken } from "../../rollout/lock/lock.ts";
import { sourceFlagsOf, sourceNamed } from "../../sources/registry.ts";
import { untilInterrupted } from "../cluster/on-cluster.ts";
import { rolloutCommandLine } from "./next-step.ts";
import { candidateOf, type RolloutFlags } from "./flags.ts";
import { confirmRollout, planOf, refuseUnfinished } from "./start-rollout.ts";
import { type RolloutContext, contextOf } from "./context.ts";
import { print, printMessage } from "../../text/print.ts";

const MANAGER = "kyc-rollout";

/** Starts a rollout as a Job, or shows the objects that it would apply. Returns the exit code. */
export async function runInCluster(service: string, flags: RolloutFlags): Promise<number> {
  const to = candidateOf(service, flags);
  const context = await contextOf(service, flags);
  const { kube } = context;
  if (kube === undefined)
    throw new Failure(
      `--in-cluster needs a cluster: choose one with --context, or with --engine ${CLUSTER_ENGINES.map(({ name }) => name).join(" or ")}.`,
      EXIT.usage,
    );
  if (flags.write)
    throw new Failure(
      `A Job does not have the files: leave out --write, and write the split into them at the end with ./kyc split ${service} --write.`,
      EXIT.usage,
    );
  if (flags.shadow !== undefined)
    throw new Failure(
      `A Job has no rights to add mirrors: run ./kyc shadow ${service} --to ${to} first, and leave out --shadow.`,
      EXIT.usage,
    );
  const signal = untilInterrupted();
  const options = await jobOptions(context, kube, service, to, flags);
  if (flags.dryRun) {
    const objects = jobObjects({
      ...options,
      image: flags.image ?? "dev.local/kyc/kyc-rollout:built-when-applied",
    });
    print(
      objects
        .map((object) => stringify(object, { lineWidth: 0 }))
        .join("---\n")
        .trimEnd(),
    );
    return EXIT.ok;
  }
  const holder = await context.lock.holder();
  if (holder !== undefined) throw new LockTaken(service, holder);
  await refuseUnfinished(context, service, flags);
  await confirmRollout(context, service, { to, action: `--to ${to} --in-cluster` }, flags, signal);
  const image = flags.image ?? (await imageFor(kube, signal));
  for (const object of jobObjects({ ...options, image })) {
    await kube.apply(object, { fieldManager: MANAGER, signal });
    printMessage(`applied ${nameOf(refOf(object))}`);
  }
  const line = (action: string): string => rolloutCommandLine(service, action, flags);
  printMessage(`follow it: ${line("--status")}\nend it:    ${line("--abort")}`);
  return EXIT.ok;
}

async function jobOptions(
  context: RolloutContext,
  kube: Kube,
  service: string,
  to: string,
  flags: RolloutFlags,
): Promise<JobOptions> {
  const { engine, source, who } = context;
  if (!sourceNamed(source.name).inCluster(sourceFlagsOf(flags)))
    throw new Failure(
      `Source ${source.name} needs files or a password of this machine, which a Job does not have: leave out --in-cluster.`,
      EXIT.usage,
    );
  // The Job makes its own plan; planning here reports mistakes at once.
  await planOf(context, service, to, flags);
  const gateways = await kube.list(
    { apiVersion: "v1", kind: "Pod" },
    { labelSelector: "istio=ingressgateway" },
  );
  const { namespace } = flags;
  return {
    namespace,
    service,
    rights: [engine.rights, source.rights].filter((rights) => rights !== undefined),
    gatewayNamespaces: [...new Set(gateways.items.map(({ metadata }) => metadata.namespace ?? "default"))],
    image: "",
    args: argumentsOf(service, { engine: engine.name, source: source.name, to }, flags),
    suffix: crypto.randomUUID().slice(0, 5),
    by: who,
  };
}

/** The command that the Job runs: this command with all values spelled out. */
function argumentsOf(
  service: string,
  { engine, source, to }: { engine: string; source: string; to: string },
  flags: RolloutFlags,
): string[] {
  const values: [string, string | number | undefined][] = [
    ["to", to],
    ["from", flags.from],
    ["steps", flags.steps.join(",")],
    ["step-time", `${flags.stepTime}ms`],
    ["step-limit", `${flags.stepLimit}ms`],
    ["on-undecided", flags.onUndecided],
    ["bake", `${flags.bake}ms`],
    ["control", `${flags.control}%`],
    ["approve-at", flags.approveAt.length === 0 ? undefined : flags.approveAt.join(",")],
    ...flags.notBetween.map((window): [string, string] => ["not-between", window]),
    ...flags.notify.map((url): [string, string] => ["notify", url]),
    ...flags.check.map(({ name, query }): [string, string] => ["check", `${name}=${query}`]),
    ["preview", previewText(flags)],
    ["preview-for", flags.previewFor === undefined ? undefined : `${flags.previewFor}ms`],
    ["check-prometheus", flags.checkPrometheus],
    ["ready-deadline", `${flags.readyDeadline}ms`],
    ["look", `${flags.look}ms`],
    ["alpha", flags.alpha],
    ["beta", flags.beta],
    ["tolerate-errors", 1 + flags.tolerateErrors],
    ["tolerate-error-rate", flags.tolerateErrorRate],
    ["tolerate-latency", 1 + flags.tolerateLatency],
    ["latency-floor", `${flags.latencyFloor}ms`],
    ["warm-path", flags.warmPath],
    ["engine", engine],
    ["namespace", flags.namespace],
    ["source", source],
    ...Object.entries(sourceFlagsOf(flags)),
    ["dir", "/tmp"],
  ];
  return [service, ...values.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]))];
}

function previewText({ preview }: RolloutFlags): string | undefined {
  if (preview === undefined) return undefined;
  return preview.header === undefined ? "tag" : `header:${preview.header}=${preview.value}`;
}

async function imageFor(kube: Kube, signal: AbortSignal): Promise<string> {
  const [{ ensureRolloutImage }, { programs }, { ImageLines }] = await Promise.all([
    import("../../rollout/in-cluster/rollout-image.ts"),
    import("../../cluster/programs.ts"),
    import("../../terminal/cluster/image-lines.ts"),
  ]);
  const lines = new ImageLines(process.stderr);
  try {
    // The user's own tag is for the images of the functions.
    const env = { ...process.env, KYC_IMAGE_TAG: undefined };
    return await ensureRolloutImage({ root: PROJECT, programs, env, kube, signal, onProgress: lines.show });
  } finally {
    lines.end();
  }
}
