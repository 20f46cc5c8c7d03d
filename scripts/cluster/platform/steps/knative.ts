import type { Kube } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/kube-object.ts";
import { Unable } from "../../user-error.ts";
import { applyRelease, objectsIn } from "../apply-release.ts";
import { deploymentsIn, notReady } from "../deployments.ts";
import { completeMade, isBrokenOff, readLedger } from "../ledger.ts";
import type { Site } from "../platform-context.ts";
import type { Look, Step, Tell } from "../step.ts";
import { until } from "../wait-until.ts";
import { versionWarning } from "../version-warning.ts";
import { PLATFORM } from "../versions.ts";

export const KNATIVE = "knative";
export const SERVING = "knative-serving";
/** What Knative Serving is made of; the networking layer comes apart. */
export const PARTS = ["activator", "autoscaler", "controller", "webhook"];

const DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  name: "services.serving.knative.dev",
} as const;

/** Knative Serving. One that is there is taken as it is, whoever has installed it. */
export const knativeStep: Step = {
  name: KNATIVE,
  title: "Knative Serving",
  look: async (site) => (await find(site.kube())).look,
  make,
};

interface Found {
  look: Look;
  /** Whether it is ours to install: nothing is there, or what we have begun and not completed. */
  install: boolean;
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
    const detail = brokenOff ? "begun, and not completed" : "not installed";
    return { look: { so: false, detail }, install: true };
  }
  const controller = parts.find(({ metadata }) => metadata.name === "controller");
  const version = controller?.metadata.labels?.["app.kubernetes.io/version"];
  const warnings = versionWarning("Knative Serving", version, PLATFORM.serving.range);
  const missing = PARTS.filter((part) => !parts.some(({ metadata }) => metadata.name === part));
  if (missing.length > 0 || definition === undefined) {
    const detail = `there in part: ${[...missing, ...(definition ? [] : [DEFINITION.name])].join(", ")} missing`;
    return { look: { so: false, detail, warnings }, install: false };
  }
  const reason = await notReady(kube, parts);
  if (reason !== undefined) return { look: { so: false, detail: reason, warnings }, install: false };
  return { look: { so: true, detail: version ?? "of an unknown version", warnings }, install: false };
}

async function make(site: Site, tell: Tell): Promise<string> {
  const { look, install } = await find(site.kube());
  if (install) {
    tell(`getting the release ${PLATFORM.serving.install}`);
    const objects = objectsIn(await site.release(PLATFORM.serving.file));
    await applyRelease(site, KNATIVE, objects.map(withSidecars), tell);
    await completeMade(site.kube(), KNATIVE);
  } else if (look.detail.startsWith("there in part")) {
    throw new Unable(
      `Knative Serving is ${look.detail}. It was installed by somebody else, so nothing was changed; complete or remove it, and run this command again.`,
    );
  }
  await until("Knative Serving", site, tell, async () => {
    const found = await find(site.kube());
    return found.look.so ? undefined : found.look.detail;
  });
  return (await find(site.kube())).look.detail;
}

/** The namespace with the label by which its pods get sidecars at once, in place of a restart afterwards. */
function withSidecars(object: KubeObject): KubeObject {
  if (object.kind !== "Namespace") return object;
  const labels = { ...object.metadata.labels, "istio-injection": "enabled" };
  return { ...object, metadata: { ...object.metadata, labels } };
}
