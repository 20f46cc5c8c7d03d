import Type from "typebox";
import { Check } from "typebox/schema";
import { deleteAndWait } from "../../kube/delete-and-wait.ts";
import type { Kube } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/kube-object.ts";
import { UserError } from "../../user-error.ts";
import { deploymentsIn, type LiveDeployment, notReady } from "../deployments.ts";
import {
  completeStep,
  forgetStep,
  isBrokenOff,
  type LedgerEntry,
  recordStep,
  readLedger,
} from "../ledger.ts";
import type { PlatformContext } from "../platform-context.ts";
import type { Inspection, Step, Report } from "../step.ts";
import { until } from "../wait-until.ts";
import { firstVersion, PLATFORM, versionOfChart, versionOfImage, versionWarning } from "../versions.ts";

export const ISTIO = "istio";
const NAMESPACE = "istio-system";
const CONFIG_MAP = { apiVersion: "v1", kind: "ConfigMap" } as const;
const CRD = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" } as const;

// This profile includes the ingress gateway, which Knative's gateways select by its label. The requests are lower
// than the profile's own: everything must fit on a laptop, and each pod has a sidecar.
const SETTINGS = [
  "profile=default",
  "values.pilot.resources.requests.cpu=100m",
  "values.pilot.resources.requests.memory=512Mi",
  "values.global.proxy.resources.requests.cpu=10m",
  "values.global.proxy.resources.requests.memory=64Mi",
];

const GET_ISTIOCTL = `istioctl is missing; it installs Istio ${PLATFORM.istio.install}: curl -L https://istio.io/downloadIstio | ISTIO_VERSION=${PLATFORM.istio.install} sh -, and put its bin folder on the PATH`;

/** Istio with its ingress gateway. An existing installation is used unchanged. */
export const istioStep: Step = {
  name: ISTIO,
  title: "Istio",
  inspect: async (platform) => (await find(platform)).inspection,
  needs: async (platform, isSeen) =>
    platform.programs.has("istioctl") || (isSeen && !(await find(platform)).install) ? [] : [GET_ISTIOCTL],
  run,
};

interface Found {
  inspection: Inspection;
  /** Whether `up` installs it: it is missing, or an earlier installation was interrupted. */
  install: boolean;
  /** Whether an installation that `up` did not make lacks a part, so that the user has to complete it. */
  needsUser?: boolean;
}

async function find(platform: PlatformContext): Promise<Found> {
  const kube = platform.kube();
  const [pilots, gateways, definition, ledger] = await Promise.all([
    deploymentsIn(kube, undefined, "app=istiod"),
    deploymentsIn(kube, undefined, "istio=ingressgateway"),
    kube.get({ ...CRD, name: "virtualservices.networking.istio.io" }),
    readLedger(kube),
  ]);
  const [pilot] = pilots;
  const brokenOff = isBrokenOff(ledger, ISTIO);
  if (pilot === undefined || definition === undefined || brokenOff) {
    const detail = brokenOff ? "installation was interrupted" : "not installed";
    return { inspection: { done: false, detail, warnings: await istioctlWarning(platform) }, install: true };
  }
  const version = versionOf(pilot, definition, gateways);
  const oldest = oldestWith(definition);
  const warnings = versionWarning("Istio", version, PLATFORM.istio.range, oldest);
  const needsUser = gateways.length === 0;
  const missing = needsUser ? "no ingress gateway" : await notReady(kube, [...pilots, ...gateways]);
  if (missing !== undefined)
    return { inspection: { done: false, detail: missing, warnings }, install: false, needsUser };
  const detail = version ?? (oldest === undefined ? "of an unknown version" : `${oldest} or newer`);
  return { inspection: { done: true, detail, warnings }, install: false };
}

async function run(platform: PlatformContext, report: Report): Promise<string> {
  if ((await find(platform)).install) await install(platform, report);
  await until("Istio", platform, report, async () => {
    const { inspection, needsUser } = await find(platform);
    if (!needsUser) return inspection.done ? undefined : inspection.detail;
    throw new UserError(
      "Istio has no ingress gateway; Knative's gateways and this project's select it by the label istio=ingressgateway. It was not installed by ./kyc up, so nothing was changed; add the gateway to it (https://istio.io/latest/docs/setup/additional-setup/gateway) and run this command again.",
    );
  });
  return (await find(platform)).inspection.detail;
}

async function install(platform: PlatformContext, report: Report): Promise<void> {
  const kube = platform.kube();
  const namespace = { apiVersion: "v1", kind: "Namespace", name: NAMESPACE };
  const isNew = (await kube.get(namespace)) === undefined;
  await recordStep(kube, ISTIO, {
    objects: isNew ? [namespace] : [],
    before: { definitions: (await istioDefinitions(kube)).join(" ") || null },
  });
  const what = "installing with istioctl";
  report(what);
  const timeout = `${Math.round(platform.timeoutMs / 1_000)}s`;
  await istioctl(
    platform,
    ["install", "-y", ...SETTINGS.flatMap((set) => ["--set", set]), "--readiness-timeout", timeout],
    {
      onLine: (line) => report(what, line.trim()),
    },
  );
  await completeStep(platform.kube(), ISTIO);
}

/** Uninstalls the Istio that `up` has installed. */
export async function removeIstio(
  platform: PlatformContext,
  { objects, before }: LedgerEntry,
  report: Report,
): Promise<string> {
  const kube = platform.kube();
  const what = "uninstalling with istioctl";
  report(what);
  await istioctl(platform, ["uninstall", "--purge", "-y"], { onLine: (line) => report(what, line.trim()) });
  const known = new Set((before["definitions"] ?? "").split(" "));
  for (const name of await istioDefinitions(kube)) {
    report("deleting", name);
    if (!known.has(name)) await kube.delete({ ...CRD, name });
  }
  // ConfigMaps that istiod creates in every namespace and does not remove.
  const { items } = await kube.list(CONFIG_MAP, { labelSelector: "istio.io/config=true" });
  for (const { metadata } of items) {
    if (metadata.name.startsWith("istio-ca-"))
      await kube.delete({ ...CONFIG_MAP, name: metadata.name, namespace: metadata.namespace });
  }
  for (const ref of objects) {
    report(`waiting until the namespace ${ref.name} is gone`);
    await deleteAndWait(kube, ref, { timeoutMs: platform.timeoutMs, signal: platform.signal });
  }
  await forgetStep(kube, ISTIO);
  return "removed";
}

/** Programs that removing Istio needs on this machine and that are missing. */
export function needsForRemoval(platform: PlatformContext): string[] {
  return platform.programs.has("istioctl") ? [] : [GET_ISTIOCTL.replace("it installs", "it removes")];
}

async function istioctl(
  platform: PlatformContext,
  rest: readonly string[],
  { onLine }: { onLine?: (line: string) => void } = {},
): Promise<void> {
  const { context } = platform.kube().connection;
  const command = ["istioctl", ...rest, "--context", context];
  const { code, out, err } = await platform.programs.run(command, { signal: platform.signal, onLine });
  platform.signal.throwIfAborted();
  if (code === 0) return;
  const last = `${out}\n${err}`.trim().split("\n").slice(-15).join("\n");
  throw new UserError(`istioctl ${rest[0]} failed (exit code ${code}):\n${last}`);
}

/** Warns about the version of istioctl, which is the version of Istio that it installs. */
async function istioctlWarning(platform: PlatformContext): Promise<string[]> {
  if (!platform.programs.has("istioctl")) return [];
  const { out } = await platform.programs.run(["istioctl", "version", "--remote=false"]);
  const version = /([0-9]+\.[0-9]+\.[0-9]+\S*)/.exec(out)?.[1];
  return versionWarning("istioctl", version, PLATFORM.istio.range);
}

const LABELS = ["operator.istio.io/version", "app.kubernetes.io/version"];

/** The version of Istio: from the image of istiod, else from labels of istiod, of its charts and definitions, or a gateway. */
function versionOf(
  pilot: LiveDeployment,
  definition: KubeObject,
  gateways: readonly LiveDeployment[],
): string | undefined {
  const labels = [pilot, definition].map(({ metadata }) => metadata.labels ?? {});
  return firstVersion(
    imageVersion(pilot, "discovery"),
    ...labels.flatMap((has) => LABELS.map((name) => has[name])),
    ...labels.map((has) => versionOfChart(has["helm.sh/chart"])),
    ...gateways.map((gateway) => imageVersion(gateway, "istio-proxy")),
  );
}

function imageVersion({ spec }: LiveDeployment, container: string): string | undefined {
  return versionOfImage(spec.template.spec.containers.find(({ name }) => name === container)?.image);
}

const Definition = Type.Object({
  spec: Type.Object({ versions: Type.Array(Type.Object({ name: Type.String() })) }),
});

/** Returns the oldest version with this API: networking.istio.io/v1 came with 1.22. Undefined for an older API. */
function oldestWith(definition: unknown): string | undefined {
  const serves = Check(Definition, definition) ? definition.spec.versions.map(({ name }) => name) : [];
  return serves.includes("v1") ? "1.22" : undefined;
}

async function istioDefinitions(kube: Kube): Promise<string[]> {
  const { items } = await kube.list(CRD);
  return items.map(({ metadata }) => metadata.name).filter((name) => name.endsWith(".istio.io"));
}
