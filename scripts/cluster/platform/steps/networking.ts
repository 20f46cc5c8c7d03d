import Type from "typebox";
import { Check } from "typebox/schema";
import type { Kube } from "../../kube/client.ts";
import { nameOf, type ObjectRef } from "../../kube/kube-object.ts";
import { UserError } from "../../user-error.ts";
import { applyRelease, objectsIn } from "../apply-release.ts";
import { configMap, readConfigMap } from "../../kube/config-map.ts";
import { deploymentsIn, notReady } from "../deployments.ts";
import { completeStep, type LedgerEntry, recordStep, readLedger } from "../ledger.ts";
import { MANAGER } from "../../ownership.ts";
import type { PlatformContext } from "../platform-context.ts";
import type { Inspection, Step, Report } from "../step.ts";
import { until } from "../wait-until.ts";
import { PLATFORM } from "../versions.ts";
import { SERVING } from "./knative.ts";

export const NETWORKING = "networking";
const CLASS = "istio.ingress.networking.knative.dev";
const CONFIG = configMap(SERVING, "config-network");
const INGRESS = { apiVersion: "networking.internal.knative.dev/v1alpha1", kind: "Ingress" } as const;
const GATEWAY = { apiVersion: "networking.istio.io/v1", kind: "Gateway" } as const;

/** The objects of the layer, without its controllers. */
const PIECES: readonly ObjectRef[] = [
  { ...GATEWAY, namespace: SERVING, name: "knative-ingress-gateway" },
  { ...GATEWAY, namespace: SERVING, name: "knative-local-gateway" },
  { apiVersion: "v1", kind: "Service", namespace: "istio-system", name: "knative-local-gateway" },
];

/** Istio as Knative's networking layer: its gateways, the ingress class, and a controller of Knative's routes. */
export const networkingStep: Step = {
  name: NETWORKING,
  title: "Networking layer",
  inspect: async (platform) => (await find(platform.kube())).inspection,
  run,
};

interface Found {
  inspection: Inspection;
  /** Whether `up` installs net-istio: it is missing, or an earlier installation was interrupted. */
  install: boolean;
  /** Whether an installation that `up` did not make lacks a part, so that the user has to complete it. */
  needsUser?: boolean;
  /** The ingress class that is set, if it is not Istio's. */
  otherClass: string | undefined;
}

async function find(kube: Kube): Promise<Found> {
  const [pieces, config, deployments, ledger] = await Promise.all([
    Promise.all(PIECES.map(async (ref) => ((await kube.get(ref)) === undefined ? [nameOf(ref)] : []))),
    readConfigMap(kube, CONFIG),
    deploymentsIn(kube, SERVING),
    readLedger(kube),
  ]);
  const missing = pieces.flat();
  const data = config?.data ?? {};
  const set = data["ingress-class"] ?? data["ingress.class"];
  const otherClass = set === undefined || set === CLASS ? undefined : set;
  // An entry without objects records a changed class, and no installation.
  const brokenOff = ledger.some(
    ({ step, objects, complete }) => step === NETWORKING && !complete && objects.length > 0,
  );
  const found = (detail: string, { install = false, needsUser = false } = {}): Found => ({
    inspection: { done: false, detail },
    install,
    needsUser,
    otherClass,
  });
  const own = deployments.filter(({ metadata }) => metadata.name.startsWith("net-istio-"));
  if (brokenOff) return found("installation was interrupted", { install: true });
  if (missing.length === PIECES.length && own.length === 0) return found("not installed", { install: true });
  if (missing.length > 0) return found(`incomplete: ${missing.join(", ")} missing`, { needsUser: true });
  const controller = own.length === 0 ? await whoActs(kube) : await netIstio(kube, own);
  // A controller of net-istio that is not ready yet may become so.
  if (!controller.acts) return found(controller.who, { needsUser: own.length === 0 });
  if (otherClass !== undefined) return found(`the ingress class is ${otherClass}`);
  return { inspection: { done: true, detail: controller.who }, install: false, otherClass };
}

interface Acting {
  /** Whether routes are processed. */
  acts: boolean;
  who: string;
}

async function netIstio(kube: Kube, own: Awaited<ReturnType<typeof deploymentsIn>>): Promise<Acting> {
  const reason = await notReady(kube, own);
  const version = own[0]?.metadata.labels?.["app.kubernetes.io/version"];
  return reason === undefined
    ? { acts: true, who: `net-istio ${version ?? "of an unknown version"}` }
    : { acts: false, who: reason };
}

const WithConditions = Type.Object({
  spec: Type.Object({}),
  status: Type.Object({
    conditions: Type.Array(Type.Object({ type: Type.String(), status: Type.String() })),
  }),
});

/**
 * Whether a controller other than net-istio processes routes, which a route that is ready shows. Without any route the
 * layer is assumed to work.
 */
async function whoActs(kube: Kube): Promise<Acting> {
  const { items } = await kube.list(INGRESS);
  const own = items.filter(
    ({ metadata }) => (metadata.annotations?.["networking.knative.dev/ingress.class"] ?? CLASS) === CLASS,
  );
  if (own.length === 0)
    return { acts: true, who: "set up by another tool; there is no route yet that shows whether it works" };
  const shown = own.some(
    (item) =>
      Check(WithConditions, item) &&
      item.status.conditions.some(({ type, status }) => type === "Ready" && status === "True"),
  );
  return shown
    ? { acts: true, who: "a controller other than net-istio" }
    : { acts: false, who: "no controller processes Knative's routes" };
}

async function run(platform: PlatformContext, report: Report): Promise<string> {
  const kube = platform.kube();
  const { inspection, install, needsUser, otherClass } = await find(kube);
  if (otherClass !== undefined) await takeClass(kube, otherClass);
  if (install) {
    report(`downloading the release ${PLATFORM.netIstio.install}`);
    await applyRelease(
      platform,
      NETWORKING,
      objectsIn(await platform.release(PLATFORM.netIstio.file)),
      report,
    );
  } else if (needsUser) {
    throw new UserError(
      `Knative's networking layer for Istio: ${inspection.detail}. It was not set up by ./kyc up, so nothing was changed; complete or remove it, and run this command again.`,
    );
  }
  if (otherClass !== undefined || install) await completeStep(platform.kube(), NETWORKING);
  await until("The networking layer", platform, report, async () => {
    const found = await find(platform.kube());
    return found.inspection.done ? undefined : found.inspection.detail;
  });
  return (await find(platform.kube())).inspection.detail;
}

/** Makes Istio the default ingress class. Refused if services exist, since their routes would change. */
async function takeClass(kube: Kube, otherClass: string): Promise<void> {
  const { items } = await kube.list({ apiVersion: "serving.knative.dev/v1", kind: "Service" });
  if (items.length > 0) {
    const names = items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(", ");
    throw new UserError(
      `Knative's ingress class is ${otherClass}, and these services use it: ${names}. If they may change, set ingress-class in ConfigMap ${SERVING}/config-network to ${CLASS}.`,
    );
  }
  await recordStep(kube, NETWORKING, { before: { "ingress-class": otherClass } });
  await kube.patch(CONFIG, { data: { "ingress-class": CLASS } }, { fieldManager: MANAGER });
}

/** Restores the previous ingress class. Installed objects are removed like those of any release. */
export async function giveClassBack(kube: Kube, { before }: LedgerEntry): Promise<void> {
  const set = before["ingress-class"];
  if (set === undefined || (await kube.get(CONFIG)) === undefined) return;
  await kube.patch(CONFIG, { data: { "ingress-class": set } }, { fieldManager: MANAGER });
}
