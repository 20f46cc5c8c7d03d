import { describe, expect, test } from "bun:test";
import { type LogsOptions, logTail, readLogs } from "./logs.ts";
import type { FakeCluster } from "../testing/fake-cluster.ts";
import { knativeCluster, podObject, revisionObject, serviceObject } from "./fake-objects.ts";

const ALL: LogsOptions = {
  namespace: "kyc",
  service: undefined,
  revision: undefined,
  tail: 50,
  follow: false,
  signal: new AbortController().signal,
};

/** Returns a cluster with two services, three revisions and a pod of each, whose logs have their names. */
function running(): FakeCluster {
  const cluster = knativeCluster(
    serviceObject("credit-check", {}),
    serviceObject("kyc-aggregator", {}),
    revisionObject("credit-check", "credit-check-basic"),
    revisionObject("credit-check", "credit-check-advanced"),
    revisionObject("kyc-aggregator", "kyc-aggregator-00001"),
    podObject("credit-check", "credit-check-basic"),
    podObject("credit-check", "credit-check-advanced"),
    podObject("kyc-aggregator", "kyc-aggregator-00001"),
  );
  cluster.fault = (_, path) => {
    const pod = /\/pods\/([^/]+)\/log\?/.exec(path)?.[1];
    if (pod === undefined) return undefined;
    return new Response(`${pod} ${new URLSearchParams(path.split("?")[1]).toString()}\n`);
  };
  return cluster;
}

async function read(cluster: FakeCluster, options: Partial<LogsOptions> = {}): Promise<string[]> {
  const lines: string[] = [];
  const pods = await readLogs(cluster.kube, { ...ALL, ...options }, ({ revision, text }) =>
    lines.push(`${revision}: ${text}`),
  );
  expect(pods).toBe(lines.length);
  return lines;
}

describe("logs", () => {
  test.each<[string, Partial<LogsOptions>, string[]]>([
    ["all services", {}, ["credit-check-basic", "credit-check-advanced", "kyc-aggregator-00001"]],
    ["a service", { service: "credit-check" }, ["credit-check-basic", "credit-check-advanced"]],
    ["a revision", { revision: "credit-check-basic" }, ["credit-check-basic"]],
    [
      "a revision of its service",
      { service: "credit-check", revision: "credit-check-basic" },
      ["credit-check-basic"],
    ],
  ])("are those of %s", async (_, options, revisions) => {
    const lines = await read(running(), options);
    expect(lines).toEqual(
      revisions.map((name) => `${name}: ${name}-pod container=user-container&tailLines=50`),
    );
  });

  test("may be those of the runs that crashed", async () => {
    expect(await read(running(), { revision: "credit-check-basic", previous: true, tail: 3 })).toEqual([
      "credit-check-basic: credit-check-basic-pod container=user-container&tailLines=3&previous=true",
    ]);
  });

  test("of a service at zero are empty, without an error", async () => {
    const cluster = running();
    cluster.remove({ apiVersion: "v1", kind: "Pod", namespace: "kyc", name: "kyc-aggregator-00001-pod" });
    expect(await read(cluster, { service: "kyc-aggregator" })).toEqual([]);
  });

  test.each<[string, Partial<LogsOptions>, string]>([
    [
      "a service",
      { service: "credit-chek" },
      "There is no Knative Service credit-chek in kyc: did you mean credit-check?",
    ],
    [
      "a service",
      { service: "x" },
      "There is no Knative Service x in kyc: known are credit-check, kyc-aggregator",
    ],
    [
      "a revision",
      { revision: "credit-check-basik" },
      "There is no revision credit-check-basik in kyc: did you mean credit-check-basic?",
    ],
    [
      "a revision of another service",
      { service: "kyc-aggregator", revision: "credit-check-basic" },
      "There is no revision credit-check-basic of kyc-aggregator in kyc: known are kyc-aggregator-00001",
    ],
    [
      "anything in another namespace",
      { namespace: "x", service: "credit-check" },
      "There is no Knative Service credit-check in x: none is known here",
    ],
  ])("of %s that does not exist name the nearest", async (_, options, message) => {
    await expect(read(running(), options)).rejects.toThrow(message);
  });

  test("omit a pod that is only starting, and report missing rights", async () => {
    const cluster = running();
    const logs = cluster.fault;
    const refuse = (code: number, message: string): void => {
      cluster.fault = (method, path) =>
        path.includes("credit-check-basic-pod/log")
          ? Response.json({ kind: "Status", code, message }, { status: code })
          : logs(method, path);
    };
    refuse(400, "container is waiting to start");
    const lines: string[] = [];
    await readLogs(cluster.kube, { ...ALL, service: "credit-check" }, ({ revision }) => lines.push(revision));
    expect(lines).toEqual(["credit-check-advanced"]);
    refuse(403, "pods/log is forbidden");
    await expect(read(cluster)).rejects.toThrow(
      "cannot read the log of pod kyc/credit-check-basic-pod (user-container): pods/log is forbidden",
    );
  });
});

describe("the last lines of a container", () => {
  const place = { namespace: "kyc", pod: "p", container: "user-container" };
  const answering = (answer: (previous: boolean) => Response): FakeCluster => {
    const cluster = knativeCluster();
    cluster.fault = (_, path) =>
      path.includes("/log?") ? answer(path.includes("previous=true")) : undefined;
    return cluster;
  };
  const none = (): Response => Response.json({ kind: "Status", message: "no" }, { status: 400 });

  test("are those of the crashed run, or of the current one without a crash", async () => {
    const crashed = answering((previous) => new Response(previous ? "why\n" : "again\n"));
    expect(await logTail(crashed.kube, place)).toEqual(["why"]);
    const first = answering((previous) => (previous ? none() : new Response("one\ntwo\n")));
    expect(await logTail(first.kube, place)).toEqual(["one", "two"]);
    const silent = answering((previous) => new Response(previous ? "" : "one\n"));
    expect(await logTail(silent.kube, place)).toEqual(["one"]);
  });

  test("are empty if the log cannot be read", async () => {
    expect(await logTail(answering(none).kube, place)).toEqual([]);
  });
});
