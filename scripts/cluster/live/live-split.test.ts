import { describe, expect, test } from "bun:test";
import Type from "typebox";
import Value from "typebox/value";
import { formatProblem } from "../../manifests/problem.ts";
import type { FakeCluster } from "../testing/fake-cluster.ts";
import { knativeCluster } from "../workload/fake-objects.ts";
import { readLivePlan } from "./live-plan.ts";
import { isPublic, liveSplit } from "./live-split.ts";
import { deployedCluster } from "./deployed-cluster.ts";

const SPLIT = {
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  namespace: "kyc",
  name: "kyc-credit-check",
};
const SERVICE = {
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  namespace: "kyc",
  name: "credit-check",
};

const Split = Type.Object({ spec: Type.Object({}) });

/** Changes an object's text, as an edit by hand would. */
function edit(cluster: FakeCluster, ref: typeof SPLIT, change: (text: string) => string): void {
  const before = JSON.stringify(cluster.get(ref));
  const after = change(before);
  if (after === before) throw new Error("the edit changes nothing");
  cluster.put(JSON.parse(after));
}

async function splitOf(cluster: FakeCluster): Promise<string | undefined> {
  const split = liveSplit(await readLivePlan(cluster.kube, "kyc", "example.com"), "kyc", CALL);
  if (split === undefined) return undefined;
  const shares = [...split.shares].map(([name, share]) => `${name} ${share}`).sort();
  return `${split.by}: ${shares.join(", ")}`;
}

const CALL = { service: "credit-check", host: "kyc-credit-check", path: "/credit-check/report" };
const HALVES = "credit-check-advanced 0.5, credit-check-basic 0.5";

describe("the owner of the split", () => {
  test("is Knative, by the percentages of its service", async () => {
    const cluster = await deployedCluster("knative", "istio/common", "istio/split/by-knative");
    expect(await splitOf(cluster)).toBe(`Knative: ${HALVES}`);
    edit(cluster, SERVICE, (text) =>
      text.replace(
        /"tag":"(basic|advanced)","percent":50/g,
        (_, tag: string) => `"tag":"${tag}","percent":${tag === "basic" ? 90 : 10}`,
      ),
    );
    expect(await splitOf(cluster)).toBe("Knative: credit-check-advanced 0.1, credit-check-basic 0.9");
  });

  test.each(["istio/split/by-istio", "istio/split/by-istio-tags"])(
    "is Istio with %s, by the weights",
    async (folder) => {
      const cluster = await deployedCluster("knative", "istio/common", folder);
      expect(await splitOf(cluster)).toBe(`Istio: ${HALVES}`);
      edit(cluster, SPLIT, (text) =>
        text.replace('"weight":50', '"weight":80').replace('"weight":50', '"weight":20'),
      );
      expect(await splitOf(cluster)).toBe("Istio: credit-check-advanced 0.2, credit-check-basic 0.8");
    },
  );

  test("has no owner if no route leads to a revision", async () => {
    expect(await splitOf(knativeCluster())).toBeUndefined();
    expect(await splitOf(await deployedCluster("knative"))).toBeUndefined();
  });
});

test.each([
  ["istio", "/credit-check/basic", true],
  ["istio/strict", "/credit-check/basic", false],
  ["istio", "/kyc/v1/customer", true],
  ["istio/strict", "/kyc/v1/customer", true],
])("with %s, %s is public: %p", async (folder, path, expected) => {
  const cluster = await deployedCluster("knative", folder);
  expect(isPublic(await readLivePlan(cluster.kube, "kyc", "example.com"), path)).toBe(expected);
});

describe("a split by buckets", () => {
  const rule = (revision: string, regex?: string) => ({
    ...(regex === undefined ? {} : { match: [{ headers: { "x-kyc-bucket": { regex } } }] }),
    route: [{ destination: { host: revision, port: { number: 80 } } }],
  });

  /** Returns the cluster with a VirtualService of the split whose rules are changed. */
  async function byBuckets(...http: unknown[]) {
    const cluster = await deployedCluster("knative", "istio/common", "istio/split/by-istio");
    edit(cluster, SPLIT, (text) => {
      const object: unknown = JSON.parse(text);
      if (!Value.Check(Split, object)) throw new Error("no rules");
      return JSON.stringify({ ...object, spec: { ...object.spec, http } });
    });
    return cluster;
  }

  test("is the share of the buckets, with the header that has them", async () => {
    const cluster = await byBuckets(
      rule("credit-check-advanced", "000[0-6]"),
      rule("credit-check-basic", "[0-9]{4}"),
      rule("credit-check-basic"),
    );
    const live = await readLivePlan(cluster.kube, "kyc", "example.com");
    expect(live.problems).toEqual([]);
    const split = liveSplit(live, "kyc", CALL);
    expect(split).toMatchObject({ by: "Istio", header: "x-kyc-bucket" });
    expect(split?.shares.get("credit-check-advanced")).toBeCloseTo(0.0007, 10);
    expect(split?.shares.get("credit-check-basic")).toBeCloseTo(0.9993, 10);
  });

  test("gives buckets that no rule names to the rule without a condition", async () => {
    const cluster = await byBuckets(
      rule("credit-check-advanced", "[0-4][0-9]{3}"),
      rule("credit-check-basic"),
    );
    expect(await splitOf(cluster)).toBe(`Istio: ${HALVES}`);
  });
});

describe("the objects on the cluster", () => {
  test("are read without a problem, as deployed and with Knative's own", async () => {
    const cluster = await deployedCluster("knative", "istio");
    const own = { "networking.internal.knative.dev/ingress": "credit-check" };
    cluster.put({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "credit-check-ingress", namespace: "kyc", labels: own },
      spec: { hosts: ["credit-check.kyc"], http: [{ route: [{ unheard: "of" }] }] },
    });
    const { problems } = await readLivePlan(cluster.kube, "kyc", "example.com");
    expect(problems.map(formatProblem)).toEqual([]);
  });

  test("are reported by name if they are not understood, and the others count", async () => {
    const cluster = await deployedCluster("knative", "istio");
    cluster.put({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "odd", namespace: "kyc" },
      spec: { hosts: ["odd.example"], http: [{ rout: [] }] },
    });
    const { problems } = await readLivePlan(cluster.kube, "kyc", "example.com");
    expect(problems.map(formatProblem).join("\n")).toContain("cluster: VirtualService kyc/odd:1:1: ");
    expect(problems.map(formatProblem).join("\n")).toContain("rout");
    expect(await splitOf(cluster)).toBe(`Knative: ${HALVES}`);
  });
});
