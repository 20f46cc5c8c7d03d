import { Check } from "typebox/schema";
import type { Kube } from "../kube/client.ts";
import { KNATIVE_SERVICE, LiveService } from "../workload/objects.ts";
import { Unable } from "../unable.ts";
import type { SplitEngine } from "./engine.ts";

/** The split by a Knative Service's traffic percentages. */
export function knativeEngine(
  kube: Kube,
  namespace: string,
  service: string,
  fieldManager: string,
): SplitEngine {
  async function live(): Promise<LiveService> {
    const object = await kube.get({ ...KNATIVE_SERVICE, namespace, name: service });
    if (!Check(LiveService, object))
      throw new Unable(`There is no Knative Service ${namespace}/${service}: run ./kyc deploy.`);
    return object;
  }
  return {
    name: "knative",
    async read() {
      const shares: Record<string, number> = {};
      for (const { tag, percent = 0 } of (await live()).spec.traffic ?? []) {
        if (tag !== undefined) shares[tag] = (shares[tag] ?? 0) + percent;
      }
      return shares;
    },
    async write(shares) {
      const object = await live();
      const traffic = (object.spec.traffic ?? []).map((target) => ({
        ...target,
        percent: target.tag === undefined ? 0 : (shares[target.tag] ?? 0),
      }));
      const missing = Object.keys(shares).filter((tag) => !traffic.some((target) => target.tag === tag));
      if (missing.length > 0) throw new Unable(`${service} has no tag ${missing.join(", ")}`);
      await kube.replace({ ...object, spec: { ...object.spec, traffic } }, { fieldManager });
    },
  };
}
