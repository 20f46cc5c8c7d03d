import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { deployedCluster } from "../../cluster/live/deployed-cluster.ts";
import type { FakeCluster } from "../../cluster/testing/fake-cluster.ts";
import { podObject } from "../../cluster/workload/fake-objects.ts";
import { ServedCluster } from "./testing/served-cluster.ts";

let cluster: FakeCluster;
let served: ServedCluster;

beforeAll(async () => {
  cluster = await deployedCluster("knative", "istio");
  cluster.put(podObject("credit-check", "credit-check-basic"));
  cluster.fault = (_, path) => (path.includes("/log?") ? new Response("one\ntwo\n") : undefined);
  served = await ServedCluster.start(cluster);
});

afterAll(() => served[Symbol.asyncDispose]());

describe("logs", () => {
  test("has help with examples", async () => {
    const { code, out, err } = await served.kyc("logs", "--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Usage: kyc logs");
    expect(out).toMatch(/Examples:\n(.*\n)*.*\.\/kyc logs/);
  });

  test("are lines with their revision, or objects with -o json", async () => {
    const plain = await served.kyc("logs", "credit-check", "--revision", "credit-check-basic", "--tail", "2");
    expect(plain.code).toBe(0);
    expect(plain.out).toStartWith("[credit-check-basic] one\n[credit-check-basic] two\n");
    const json = await served.kyc("logs", "-o", "json");
    const [first] = json.out.split("\n");
    expect(JSON.parse(first ?? "")).toEqual({
      revision: "credit-check-basic",
      pod: expect.stringContaining("pod"),
      text: "one",
    });
  });

  test("of a service that does not exist name the nearest", async () => {
    const { code, out, err } = await served.kyc("logs", "credit-chek");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe("There is no Knative Service credit-chek in kyc: did you mean credit-check?\n");
  });

  test("of a service at zero report that, on standard error", async () => {
    const { code, out, err } = await served.kyc("logs", "kyc-aggregator");
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toBe("No pod of kyc-aggregator is running: it is scaled to zero or not deployed.\n");
  });

  test.each([
    [["--tail", "many"], "A whole number is expected."],
    [["--previous", "--follow"], "cannot be used with"],
  ])("refuse %p", async (flags, message) => {
    const { code, err } = await served.kyc("logs", ...flags);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
