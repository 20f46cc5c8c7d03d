import type { Kube } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/kube-object.ts";
import { UserError } from "../../user-error.ts";
import { applyRelease, objectsIn } from "../apply-release.ts";
import { deploymentsIn, type LiveDeployment, notReady } from "../deployments.ts";
import { completeStep, isBrokenOff, readLedger } from "../ledger.ts";
import type { PlatformContext } from "../platform-context.ts";
import type { Inspection, Step, Report } from "../step.ts";
import { until } from "../wait-until.ts";
import { firstVersion, PLATFORM, versionOfImage, versionWarning } from "../versions.ts";

export const KNATIVE = "knative";
export const SERVING = "knative-serving";
/** The deployments of Knative Serving, without its networking layer. */
export const PARTS = ["activator", "autoscaler", "controller", "webhook"];

const DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  name: "services.serving.knative.dev",
} as const;

/** Knative Serving. An existing installation is used unchanged. */
export const knativeStep: Step = {
  name: KNATIVE,
  title: "Knative Serving",
  inspect: async (platform) => (await find(platform.kube())).inspection,
  run,
};

interface Found {
  inspection: Inspection;
  /** Whether `up` installs it: it is missing, or an earlier installation was interrupted. */
  install: boolean;
  /** Whether an installation that `up` did not make lacks a part, so that the user has to complete it. */
  needsUser?: boolean;
}

async function find(kube: Kube): Promise<Found> {
  const [deployments, definition, ledger] = await Promise.all([
    deploymentsIn(kube, SERVING),
    kube.get(DEFINITION),
    readLedger(kube),
  ]);
  const parts = deployments.filter(({ metadata }) => PARTS.includes(metadata.name));
  const brokenOff = isBrokenOff(ledger, KNATIVE);
  if (brokenOff || (parts.length === 0 && definition === undefined)) {
    const detail = brokenOff ? "installation was interrupted" : "not installed";
    return { inspection: { done: false, detail }, install: true };
  }
  const controller = parts.find(({ metadata }) => metadata.name === "controller");
  const version =
    versionOf([controller, ...parts, definition], parts) ??
    controller?.metadata.labels?.["app.kubernetes.io/version"];
  const warnings = versionWarning("Knative Serving", version, PLATFORM.serving.range);
  const missing = PARTS.filter((part) => !parts.some(({ metadata }) => metadata.name === part));
  if (missing.length > 0 || definition === undefined) {
    const detail = `incomplete: ${[...missing, ...(definition ? [] : [DEFINITION.name])].join(", ")} missing`;
    return { inspection: { done: false, detail, warnings }, install: false, needsUser: true };
  }
  const reason = await notReady(kube, parts);
  if (reason !== undefined) return { inspection: { done: false, detail: reason, warnings }, install: false };
  return { inspection: { done: true, detail: version ?? "of an unknown version", warnings }, install: false };
}

/** The version of Serving: from the labels of its Deployments and definitions, else from the tags of their images. */
function versionOf(
  objects: readonly (Pick<KubeObject, "metadata"> | undefined)[],
  parts: readonly LiveDeployment[],
): string | undefined {
  const labels = objects.map((object) => object?.metadata.labels ?? {});
  const images = parts.flatMap(({ spec }) => spec.template.spec.containers.map(({ image }) => image));
  return firstVersion(
    ...labels.map((has) => has["app.kubernetes.io/version"]),
    ...labels.map((has) => has["serving.knative.dev/release"]),
    ...images.map(versionOfImage),
  )?.replace(/^v/, "");
}

async function run(platform: PlatformContext, report: Report): Promise<string> {
  const { inspection, install, needsUser } = await find(platform.kube());
  if (install) {
    report(`downloading the release ${PLATFORM.serving.install}`);
    const objects = objectsIn(await platform.release(PLATFORM.serving.file));
    await applyRelease(platform, KNATIVE, objects.map(withSidecars), report);
    await completeStep(platform.kube(), KNATIVE);
  } else if (needsUser) {
    throw new UserError(
      `Knative Serving is ${inspection.detail}. It was not installed by ./kyc up, so nothing was changed; complete or remove it, and run this command again.`,
    );
  }
  await until("Knative Serving", platform, report, async () => {
    const found = await find(platform.kube());
    return found.inspection.done ? undefined : found.inspection.detail;
  });
  return (await find(platform.kube())).inspection.detail;
}

/** Labels the namespace so that its pods get sidecars at once, without a restart afterwards. */
function withSidecars(object: KubeObject): KubeObject {
  if (object.kind !== "Namespace") return object;
  const labels = { ...object.metadata.labels, "istio-injection": "enabled" };
  return { ...object, metadata: { ...object.metadata, labels } };
}
