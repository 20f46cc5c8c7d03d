import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { runKnative } from "../cluster/deploy/testing.ts";
import { deployedCluster } from "../cluster/live/testing.ts";
import type { FakeCluster } from "../cluster/testing/fake-cluster.ts";
import { knativeCluster, podObject } from "../cluster/workload/testing.ts";
import { ServedCluster } from "./served-cluster.ts";

/**
 * `deploy`, `status`, `logs`, `verify` and `e2e` as processes, against a fake cluster behind TLS: what they say, where,
 * and how they end. What they do is tested below scripts/cluster.
 */
// Processes start slowly on a machine that does other things.
setDefaultTimeout(30_000);

let cluster: FakeCluster;
let served: ServedCluster;

beforeAll(async () => {
  cluster = await deployedCluster("knative", "istio");
  cluster.put(podObject("credit-check", "credit-check-basic"));
  cluster.fault = (_, path) => (path.includes("/log?") ? new Response("one\ntwo\n") : undefined);
  served = await ServedCluster.start(cluster);
});

afterAll(() => served[Symbol.asyncDispose]());

describe.each([["deploy"], ["status"], ["logs"], ["verify"], ["e2e"]])("%s", (command) => {
  test("has help with examples", async () => {
    const { code, out, err } = await served.kyc(command, "--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(`Usage: kyc ${command}`);
    expect(out).toMatch(new RegExp(`Examples:\n(.*\n)*.*\\./kyc ${command}`));
  });
});

test("a context that is not there is told, and no data is written", async () => {
  const { code, out, err } = await served.kyc("status", "--context", "fack");
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain("fake");
  expect(err).not.toContain("    at ");
});

test.each([["status"], ["deploy"]])(
  "%s tells of a cluster that does not answer, before it does anything",
  async (command) => {
    expect(await served.kyc(command, "--context", "off")).toEqual({
      code: 1,
      out: "",
      err: "The API server of off (https://127.0.0.1:1) does not answer: it refuses connections. Does the cluster run, and is this the context that is meant?\n",
    });
  },
);

describe("status", () => {
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

  test("of another namespace is that nothing is there", async () => {
    expect(await served.kyc("status", "-n", "nowhere")).toEqual({
      code: 0,
      out: "no Knative Service here\n",
      err: "",
    });
  });

  test("tells what it may not read, in the API server's words", async () => {
    await using forbidden = await ServedCluster.start(forbidding("/revisions?", "revisions is forbidden"));
    expect(await forbidden.kyc("status")).toEqual({
      code: 1,
      out: "",
      err: "cannot list Revision in kyc: revisions is forbidden\n",
    });
  });

  test("in a pipe goes on by lines that are new, until Ctrl-C", async () => {
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
});

describe("logs", () => {
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

  test("of a service that is not there name the nearest", async () => {
    const { code, out, err } = await served.kyc("logs", "credit-chek");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toBe("There is no Knative Service credit-chek in kyc: did you mean credit-check?\n");
  });

  test("of what is at zero say so, on standard error", async () => {
    const { code, out, err } = await served.kyc("logs", "kyc-aggregator");
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toBe("Nothing of kyc-aggregator runs now: it is scaled to zero, or not deployed.\n");
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

describe("deploy", () => {
  test("tells each object on standard error, and at the end how to reach the gateway", async () => {
    const empty = knativeCluster();
    runKnative(empty);
    await using target = await ServedCluster.start(empty);
    const { code, out, err } = await target.kyc("deploy", "--no-images", "--ingress", "http://127.0.0.1:1");
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toMatch(/^created +Namespace kyc\n/);
    expect(err).toContain(
      "Nothing answers at http://127.0.0.1:1. Leave --ingress out to have it looked for.",
    );
    expect(empty.names).toContain("VirtualService kyc/kyc");
  });

  test("with --dry-run shows as data what would change, and changes nothing", async () => {
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

  test("that finds fields of others in conflict tells them, and exits with 1", async () => {
    const others = await deployedCluster("knative", "istio");
    others.fault = (method, path) => {
      if (method !== "PATCH" || !path.includes("/services/credit-check?")) return undefined;
      const cause = { reason: "FieldManagerConflict", message: 'conflict with "kn"', field: ".spec.traffic" };
      const status = { kind: "Status", code: 409, reason: "Conflict", details: { causes: [cause] } };
      return Response.json(status, { status: 409 });
    };
    await using target = await ServedCluster.start(others);
    const { code, out, err } = await target.kyc("deploy", "--no-images", "-o", "json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      conflicts: [{ object: "Service kyc/credit-check", fields: [{ field: "spec.traffic", manager: "kn" }] }],
    });
    expect(err).toContain("  spec.traffic was set by kn\n");
    expect(err).toContain("./kyc deploy --force-conflicts");
  });

  test("that is interrupted says how to go on, and exits with 130", async () => {
    const slow = knativeCluster();
    runKnative(slow, { ready: "unknown" });
    await using target = await ServedCluster.start(slow);
    const deploying = target.run("deploy", "--no-images");
    await deploying.until("credit-check  waiting");
    deploying.kill("SIGINT");
    const { code, err } = await deploying.finished;
    expect(code).toBe(130);
    expect(err).toEndWith("Interrupted. Run ./kyc deploy again to go on; what is there stays.\n");
  });

  test("of a folder that is not there names it", async () => {
    const { code, err } = await served.kyc("deploy", "--no-images", "--dry-run", "--istio", "istio/nowhere");
    expect(code).toBe(1);
    expect(err).toContain("istio/nowhere");
    expect(err).not.toContain("    at ");
  });
});

describe("verify", () => {
  test("is a table, or data, and exits with 1 where a check does not hold", async () => {
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
    expect(plain.err).toContain("sending 20 requests through the split\n");
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

  test("without a way to the gateway says how to open one", async () => {
    const { code, out, err } = await served.kyc("verify");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("There is no Service of the Istio ingress gateway");
  });

  test("ends in order with the first Ctrl-C", async () => {
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

describe("e2e", () => {
  test("names its scenarios without a cluster", async () => {
    const plain = await served.kyc("e2e", "--list", "--context", "nowhere");
    expect(plain.code).toBe(0);
    expect(plain.out).toMatch(/^contract\n(.+\n)+down\n$/);
    const json = await served.kyc("e2e", "--list", "--only", "splits by", "-o", "json");
    expect(JSON.parse(json.out)).toEqual(["splits by Knative", "splits by Istio"]);
  });

  test("tells of a name that no scenario has", async () => {
    const { code, out, err } = await served.kyc("e2e", "--only", "zzz");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^No scenario has "zzz" in its name\. There are:\n {2}contract\n/);
  });

  test("changes no cluster elsewhere that was not named, where nobody can be asked", async () => {
    const elsewhere = await ServedCluster.start(knativeCluster());
    await elsewhere.use("elsewhere");
    const { code, out, err } = await elsewhere.kyc("e2e");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe(
      "Context elsewhere (https://cluster.example.invalid:6443) is not on this machine. To be done there: all that the end-to-end test tries, in namespace kyc.\nName it to go on: ./kyc e2e --context elsewhere\n",
    );
    await elsewhere[Symbol.asyncDispose]();
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
