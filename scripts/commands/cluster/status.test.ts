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

describe("status", () => {
  test("has help with examples", async () => {
    const { code, out, err } = await served.kyc("status", "--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Usage: kyc status");
    expect(out).toMatch(/Examples:\n(.*\n)*.*\.\/kyc status/);
  });

  test("reports an unreachable cluster before it does anything", async () => {
    expect(await served.kyc("status", "--context", "off")).toEqual({
      code: 1,
      out: "",
      err: "The API server of off (https://127.0.0.1:1) does not answer: it refuses connections. Is the cluster running, and is this the right context?\n",
    });
  });

  test("is a tree and the split on standard output", async () => {
    const { code, out, err } = await served.kyc("status");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^credit-check {2}ready/);
    expect(out).toEndWith("split  by Knative: credit-check-basic 50 %, credit-check-advanced 50 %\n");
  });

  test("is data with -o json", async () => {
    const { out } = await served.kyc("status", "-o", "json");
    expect(JSON.parse(out)).toMatchObject({
      services: [{ name: "credit-check", health: "ready" }, { name: "kyc-aggregator" }],
      split: { by: "Knative", shares: { "credit-check-basic": 0.5 } },
      problems: [],
    });
  });

  test("of an empty namespace reports that nothing is there", async () => {
    expect(await served.kyc("status", "-n", "nowhere")).toEqual({
      code: 0,
      out: "no Knative Service here\n",
      err: "",
    });
  });

  test("reports missing rights in the API server's words", async () => {
    await using forbidden = await ServedCluster.start(forbidding("/revisions?", "revisions is forbidden"));
    expect(await forbidden.kyc("status")).toEqual({
      code: 1,
      out: "",
      err: "cannot list Revision in kyc: revisions is forbidden\n",
    });
  });

  test("in a pipe continues with new lines, until Ctrl-C", async () => {
    const watching = served.run("status", "-w");
    await watching.until("split  by Knative");
    const name = "another-pod";
    cluster.put(podObject("credit-check", "credit-check-basic", { name, user: { ready: false } }));
    await watching.until(`${name}  2/3 waiting`);
    cluster.put(podObject("credit-check", "credit-check-basic", { name }));
    await watching.until(`${name}  3/3 ready`);
    watching.kill("SIGINT");
    const { code, out, err } = await watching.finished;
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).not.toContain("\u001b");
    expect(out.split("\n").filter((line) => line.startsWith("credit-check  ready"))).toHaveLength(1);
  });

  test("reports a context that does not exist, and no data is written", async () => {
    const { code, out, err } = await served.kyc("status", "--context", "fack");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("fake");
    expect(err).not.toContain("    at ");
  });
});

function forbidding(path: string, message: string): FakeCluster {
  const closed = knativeCluster();
  closed.fault = (_, asked) =>
    asked.includes(path)
      ? Response.json({ kind: "Status", reason: "Forbidden", message }, { status: 403 })
      : undefined;
  return closed;
}
