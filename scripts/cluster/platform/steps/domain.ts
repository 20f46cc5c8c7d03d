import type { Kube } from "../../kube/client.ts";
import { minikubeIp, minikubeProfiles } from "../../minikube.ts";
import { configMap, readConfigMap } from "../../kube/config-map.ts";
import { completeStep, forgetStep, type LedgerEntry, recordStep } from "../ledger.ts";
import { MANAGER } from "../../ownership.ts";
import type { PlatformContext } from "../platform-context.ts";
import type { Inspection, Step } from "../step.ts";
import { SERVING } from "./knative.ts";

export const DOMAIN = "domain";
const CONFIG = configMap(SERVING, "config-domain");

// Keys that Knative itself sets: its example, and the domain of cluster-local services.
const NO_DOMAIN = ["_example", "example.com", "svc.cluster.local"];

/** The domain of public Knative Services: one that resolves to the cluster from any machine without a DNS server. */
export const domainStep: Step = { name: DOMAIN, title: "Domain", inspect, run };

async function inspect(platform: PlatformContext): Promise<Inspection> {
  const data = (await readConfigMap(platform.kube(), CONFIG))?.data ?? {};
  const domains = Object.keys(data).filter((name) => !NO_DOMAIN.includes(name));
  return domains.length === 0
    ? { done: false, detail: "none is set" }
    : { done: true, detail: domains.join(", ") };
}

async function run(platform: PlatformContext): Promise<string> {
  const kube = platform.kube();
  const { context } = kube.connection;
  const isMinikube = (await minikubeProfiles(platform.programs)).includes(context);
  const ip = isMinikube ? await minikubeIp(platform.programs, context) : undefined;
  const domain = `${ip ?? "127.0.0.1"}.sslip.io`;
  await recordStep(kube, DOMAIN, { before: { [domain]: null } });
  await kube.patch(CONFIG, { data: { [domain]: "" } }, { fieldManager: MANAGER });
  await completeStep(kube, DOMAIN);
  return domain;
}

/** Removes the domain that `up` has set. */
export async function removeDomain(kube: Kube, { before }: LedgerEntry): Promise<string> {
  if ((await kube.get(CONFIG)) !== undefined)
    await kube.patch(CONFIG, { data: before }, { fieldManager: MANAGER });
  await forgetStep(kube, DOMAIN);
  return "removed";
}
