import type { Kube } from "../../kube/client.ts";
import { minikubeIp, minikubeProfiles } from "../../minikube.ts";
import { configMap, readConfigMap } from "../../kube/config-map.ts";
import { completeMade, forgetMade, type Made, noteMade } from "../ledger.ts";
import { MANAGER } from "../../ownership.ts";
import type { Site } from "../platform-context.ts";
import type { Look, Step } from "../step.ts";
import { SERVING } from "./knative.ts";

export const DOMAIN = "domain";
const CONFIG = configMap(SERVING, "config-domain");

// What Knative itself sets, for its example and for services that only the cluster sees.
const NO_DOMAIN = ["_example", "example.com", "svc.cluster.local"];

/** The domain of public Knative Services: one under which any machine finds the cluster, without a DNS server of its own. */
export const domainStep: Step = { name: DOMAIN, title: "Domain", look, make };

async function look(site: Site): Promise<Look> {
  const data = (await readConfigMap(site.kube(), CONFIG))?.data ?? {};
  const domains = Object.keys(data).filter((name) => !NO_DOMAIN.includes(name));
  return domains.length === 0
    ? { so: false, detail: "none is set" }
    : { so: true, detail: domains.join(", ") };
}

async function make(site: Site): Promise<string> {
  const kube = site.kube();
  const { context } = kube.connection;
  const isMinikube = (await minikubeProfiles(site.programs)).includes(context);
  const ip = isMinikube ? await minikubeIp(site.programs, context) : undefined;
  const domain = `${ip ?? "127.0.0.1"}.sslip.io`;
  await noteMade(kube, DOMAIN, { before: { [domain]: null } });
  await kube.patch(CONFIG, { data: { [domain]: "" } }, { fieldManager: MANAGER });
  await completeMade(kube, DOMAIN);
  return domain;
}

/** Takes the domain away again that `up` has set. */
export async function removeDomain(kube: Kube, { before }: Made): Promise<string> {
  if ((await kube.get(CONFIG)) !== undefined)
    await kube.patch(CONFIG, { data: before }, { fieldManager: MANAGER });
  await forgetMade(kube, DOMAIN);
  return "removed";
}
