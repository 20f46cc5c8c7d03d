import { expect, test } from "bun:test";
import { configMap, readConfigMap } from "../../cluster/kube/config-map.ts";
import { newKey, privateKeyOf, publicKeyOf } from "../audit/signed-head.ts";
import { trafficJudge } from "../rollout-judge/traffic-judge.ts";
import { ObjectStore } from "../testing/object-store.ts";
import { KilledProcess, Simulation } from "../testing/simulation.ts";
import { EvidenceLog } from "./evidence-log.ts";
import { evidenceMap, evidenceName } from "./evidence-map.ts";
import { recordOf } from "./record.ts";
import { verifyRecord } from "./verify-record.ts";

const VERSIONS = { kyc: "1.2.3", bun: "1.4.5", platform: "linux x64" };
const OF = { namespace: "kyc", service: "credit-check" };

/** A cluster with the empty ConfigMap that `--in-cluster` applies. */
async function cluster(): Promise<ObjectStore> {
  const store = new ObjectStore();
  const { apiVersion, kind, name, namespace = "" } = configMap(OF.namespace, evidenceName(OF.service));
  await store.kube.create({ apiVersion, kind, metadata: { name, namespace } }, { fieldManager: "kyc" });
  return store;
}

test("the outcomes of a Job whose pod was killed reproduce its verdicts", async () => {
  const { kube } = await cluster();
  const simulation = new Simulation({ percents: [50, 100], settings: { stepMs: 3_000, bakeMs: 1_000 } });
  const pod = () => ({
    makeJudge: trafficJudge,
    evidence: new EvidenceLog(evidenceMap(kube, { ...OF, rollout: "r1" }), VERSIONS),
  });
  const killed = new KilledProcess(6, "after");
  await Promise.race([simulation.run({ ...killed.options(simulation), ...pod() }), killed.died]);
  await simulation.resume(pod());
  const saved = await simulation.journal.load();
  if (saved === undefined) throw new Error("the journal was written");
  const evidence = await evidenceMap(kube, { ...OF, rollout: "r1" }).lines();
  expect(evidence.filter((line) => line.includes('"begin"'))).toHaveLength(2);
  const key = newKey();
  const about = { namespace: "kyc", writtenBy: "x", writtenAtMs: 0, versions: VERSIONS };
  const text = recordOf({ saved, audit: [], evidence, ...about }, privateKeyOf(key));
  const { findings, verdicts, limits } = verifyRecord(Buffer.from(text, "utf8"), publicKeyOf(key));
  expect(findings).toEqual([]);
  expect(limits).toEqual(["It holds no line of the audit log."]);
  expect(verdicts.length).toBeGreaterThan(0);
  expect(verdicts.every(({ outcomes }) => outcomes !== null)).toBe(true);
});

test("evidence is kept compressed in two parts, and replaced by that of the next rollout", async () => {
  const { kube } = await cluster();
  const first = evidenceMap(kube, { ...OF, rollout: "r1" });
  const line = (i: number) => `{"mark":${i},"text":"${"x".repeat(500)}"}\n`;
  let size = 0;
  for (let i = 0; i < 20; i++) size = await first.append(line(i));
  expect(size).toBeLessThan(20 * 120);
  await first.rotate();
  await first.append(line(20));
  // Another pod continues.
  await evidenceMap(kube, { ...OF, rollout: "r1" }).append(line(21));
  const marks = async (rollout: string) =>
    (await evidenceMap(kube, { ...OF, rollout }).lines()).map((each) => Number(/\d+/.exec(each)?.[0]));
  expect(await marks("r1")).toEqual(Array.from({ length: 22 }, (_, i) => i));
  const second = evidenceMap(kube, { ...OF, rollout: "r2" });
  expect(await second.lines()).toEqual([]);
  await second.append(line(1));
  expect([await marks("r1"), await marks("r2")]).toEqual([[], [1]]);
  const { data } = (await readConfigMap(kube, configMap("kyc", evidenceName("credit-check")))) ?? {};
  expect(Object.keys(data ?? {}).sort()).toEqual(["newest", "rollout"]);
});

test("evidence that cannot be written stays in memory until it can", async () => {
  const store = await cluster();
  const log = new EvidenceLog(evidenceMap(store.kube, { ...OF, rollout: "r1" }), VERSIONS);
  log.begin(null, 1);
  store.isDown = true;
  expect(log.flush()).rejects.toThrow("does not answer");
  store.isDown = false;
  await log.flush();
  expect(await evidenceMap(store.kube, { ...OF, rollout: "r1" }).lines()).toHaveLength(1);
});
