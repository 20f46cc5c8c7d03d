import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { runKnative } from "../../cluster/deploy/fake-knative.ts";
import { deployTo } from "../../cluster/live/deployed-cluster.ts";
import type { FakeCluster } from "../../cluster/testing/fake-cluster.ts";
import { knativeCluster, podObject } from "../../cluster/workload/fake-objects.ts";
import { SAMPLE } from "../../../test/sample.ts";
import { PROJECT } from "../../project.ts";
import { ServedCluster } from "./testing/served-cluster.ts";

let cluster: FakeCluster;
let served: ServedCluster;

beforeAll(async () => {
  cluster = knativeCluster();
  runKnative(cluster);
  // The command deploys the repository's own files.
  await deployTo(cluster, ["knative", "istio"], PROJECT);
  cluster.put(podObject("credit-check", "credit-check-basic"));
  served = await ServedCluster.start(cluster);
});

afterAll(() => served[Symbol.asyncDispose]());

describe("deploy", () => {
  test("has help with examples", async () => {
    const { code, out, err } = await served.kyc("deploy", "--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Usage: kyc deploy");
    expect(out).toMatch(/Examples:\n(.*\n)*.*\.\/kyc deploy/);
  });

  test("reports an unreachable cluster before it does anything", async () => {
    expect(await served.kyc("deploy", "--context", "off")).toEqual({
      code: 1,
      out: "",
      err: "The API server of off (https://127.0.0.1:1) does not answer: it refuses connections. Is the cluster running, and is this the right context?\n",
    });
  });

  test("reports each object on standard error, and finally how to reach the gateway", async () => {
    const empty = knativeCluster();
    runKnative(empty);
    await using target = await ServedCluster.start(empty);
    const { code, out, err } = await target.kyc("deploy", "--no-images", "--ingress", "http://127.0.0.1:1");
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toMatch(/^created +Namespace kyc\n/);
    expect(err).toContain("No server answers at http://127.0.0.1:1. Omit --ingress to search for it.");
    expect(empty.names).toContain("VirtualService kyc/kyc");
  });

  test("with --dry-run shows the changes as data, and changes nothing", async () => {
    const before = cluster.writes.length;
    const { code, out } = await served.kyc("deploy", "--dry-run", "-o", "json");
    expect(code).toBe(0);
    const { changes, conflicts } = JSON.parse(out) as {
      changes: { object: string; change: string }[];
      conflicts: [];
    };
    expect(conflicts).toEqual([]);
    expect(changes).toContainEqual({ object: "VirtualService kyc/kyc", change: "unchanged" });
    expect(cluster.writes).toHaveLength(before);
  });

  test("with conflicts with other field managers reports them, and exits with 1", async () => {
    const others = knativeCluster();
    runKnative(others);
    await deployTo(others, ["knative", "istio"], SAMPLE);
    others.fault = (method, path) => {
      if (method !== "PATCH" || !path.includes("/services/credit-check?")) return undefined;
      const cause = { reason: "FieldManagerConflict", message: 'conflict with "kn"', field: ".spec.traffic" };
      const status = { kind: "Status", code: 409, reason: "Conflict", details: { causes: [cause] } };
      return Response.json(status, { status: 409 });
    };
    await using target = await ServedCluster.start(others);
    const { code, out, err } = await target.kyc("deploy", "--dir", SAMPLE, "--no-images", "-o", "json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      conflicts: [{ object: "Service kyc/credit-check", fields: [{ field: "spec.traffic", manager: "kn" }] }],
    });
    expect(err).toContain("  spec.traffic is set by kn\n");
    expect(err).toContain("--force-conflicts");
  });

  test("that is interrupted explains how to continue, and exits with 130", async () => {
    const slow = knativeCluster();
    runKnative(slow, { ready: "unknown" });
    await using target = await ServedCluster.start(slow);
    const deploying = target.run("deploy", "--no-images");
    await deploying.until("credit-check  waiting");
    deploying.kill("SIGINT");
    const { code, err } = await deploying.finished;
    expect(code).toBe(130);
    expect(err).toEndWith(
      "Interrupted. Objects that were applied remain. To continue, run ./kyc deploy again.\n",
    );
  });

  test("of a folder that does not exist names it", async () => {
    const { code, err } = await served.kyc("deploy", "--no-images", "--dry-run", "--istio", "istio/nowhere");
    expect(code).toBe(1);
    expect(err).toContain("istio/nowhere");
    expect(err).not.toContain("    at ");
  });
});
