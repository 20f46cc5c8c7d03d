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
  served = await ServedCluster.start(cluster);
});

afterAll(() => served[Symbol.asyncDispose]());

describe("verify", () => {
  test("has help with examples", async () => {
    const { code, out, err } = await served.kyc("verify", "--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Usage: kyc verify");
    expect(out).toMatch(/Examples:\n(.*\n)*.*\.\/kyc verify/);
  });

  test("is a table, or data, and exits with 1 if a check does not hold", async () => {
    using gateway = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Response("", { status: 503 }),
    });
    const ingress = ["--ingress", `http://127.0.0.1:${gateway.port}`, "--requests", "20"];
    const plain = await served.kyc("verify", ...ingress);
    expect(plain.code).toBe(1);
    expect(plain.out).toContain("FAILED  failed of 20 requests");
    expect(plain.out).toMatch(/\d+ of \d+ checks hold, \d+ failed\n$/);
    expect(plain.err).toContain("sending 20 requests through the split of credit-check\n");
    const json = await served.kyc("verify", ...ingress, "-o", "json");
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toContainEqual({
      group: "split",
      name: "failed of 20 requests",
      expected: "0",
      seen: "20",
      ok: false,
    });
  });

  test("without access to the gateway explains how to get it", async () => {
    const { code, out, err } = await served.kyc("verify");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("No Service of the Istio ingress gateway was found");
  });

  test("stops cleanly at the first Ctrl-C", async () => {
    using gateway = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("{}") });
    const ingress = `http://127.0.0.1:${gateway.port}`;
    const verifying = served.run("verify", "--ingress", ingress, "--requests", "1000000");
    await verifying.until("sending 1000000 requests");
    verifying.kill("SIGINT");
    const { code, out, err } = await verifying.finished;
    expect({ code, out }).toEqual({ code: 130, out: "" });
    expect(err).toEndWith("Interrupted. Nothing was changed.\n");
  });
});
