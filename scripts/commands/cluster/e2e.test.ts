import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { deployedCluster } from "../../cluster/live/deployed-cluster.ts";
import type { FakeCluster } from "../../cluster/testing/fake-cluster.ts";
import { knativeCluster, podObject } from "../../cluster/workload/fake-objects.ts";
import { ServedCluster } from "./testing/served-cluster.ts";

let cluster: FakeCluster;
let served: ServedCluster;

beforeAll(async () => {
  cluster = await deployedCluster("knative", "istio");
  cluster.put(podObject("credit-check", "credit-check-basic"));
  served = await ServedCluster.start(cluster);
});

afterAll(() => served[Symbol.asyncDispose]());

describe("e2e", () => {
  test("has help with examples", async () => {
    const { code, out, err } = await served.kyc("e2e", "--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Usage: kyc e2e");
    expect(out).toMatch(/Examples:\n(.*\n)*.*\.\/kyc e2e/);
  });

  test("names its scenarios without a cluster", async () => {
    const plain = await served.kyc("e2e", "--list", "--context", "nowhere");
    expect(plain.code).toBe(0);
    expect(plain.out).toMatch(/^contract\n(.+\n)+down\n$/);
    const json = await served.kyc("e2e", "--list", "--only", "splits by", "-o", "json");
    expect(JSON.parse(json.out)).toEqual(["splits by Knative", "splits by Istio"]);
  });

  test("reports an unknown scenario", async () => {
    const { code, out, err } = await served.kyc("e2e", "--only", "zzz");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^No scenario has "zzz" in its name\. There are:\n {2}contract\n/);
  });

  test("changes no remote cluster without --context, if there is no terminal to confirm", async () => {
    const elsewhere = await ServedCluster.start(knativeCluster());
    await elsewhere.use("elsewhere");
    const { code, out, err } = await elsewhere.kyc("e2e");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe(
      "Context elsewhere (https://cluster.example.invalid:6443) is not on this machine. Planned change: run the end-to-end test in namespace kyc.\nTo continue, name the context: ./kyc e2e --context elsewhere\n",
    );
    await elsewhere[Symbol.asyncDispose]();
  });
});
