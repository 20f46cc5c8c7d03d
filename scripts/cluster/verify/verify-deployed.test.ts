import { afterAll, beforeAll, expect, test } from "bun:test";
import type { FakeCluster } from "../testing/fake-cluster.ts";
import { deployedCluster } from "../live/deployed-cluster.ts";
import { podObject } from "../workload/fake-objects.ts";
import { SAMPLE } from "../../../test/sample.ts";
import { customerBody } from "./testing/customer-body.ts";
import { verify } from "./verify.ts";

/** A fake ingress gateway, which fulfils the contract and splits evenly. */
let gateway: ReturnType<typeof Bun.serve>;
let asked = 0;

beforeAll(() => {
  gateway = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
});

afterAll(() => gateway.stop(true));

async function answer(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const json = { "content-type": "application/json" };
  if (pathname === "/") return new Response(null, { status: 302, headers: { location: "/swagger" } });
  if (pathname === "/swagger/json") return Response.json({});
  if (pathname === "/credit-check/basic")
    return new Response('{"type":"BASIC","blackListed":false,"backgroundCheckPass":true}', { headers: json });
  if (pathname === "/credit-check/advanced") return new Response(customerBody("ADVANCED"), { headers: json });
  if (!pathname.endsWith("/kyc/v1/customer")) return new Response("", { status: 404 });
  const pinned = request.headers.get("end-user") ?? searchParams.get("type")?.replace("Report", "");
  const version =
    pinned === "basic" || pinned === "advanced" ? pinned : asked++ % 2 === 0 ? "basic" : "advanced";
  return new Response(customerBody(version.toUpperCase()), {
    headers: { ...json, "x-kyc-revision": `credit-check-${version}` },
  });
}

async function system(): Promise<FakeCluster> {
  const cluster = await deployedCluster("knative", "istio");
  for (const name of ["kyc-aggregator", "credit-check"])
    cluster.put({ apiVersion: "v1", kind: "Service", metadata: { name, namespace: "kyc" } });
  cluster.put(podObject("credit-check", "credit-check-basic"));
  return cluster;
}

function check(cluster: FakeCluster, signal = new AbortController().signal): ReturnType<typeof verify> {
  const ingress = `http://127.0.0.1:${gateway.port}`;
  return verify({
    kube: cluster.kube,
    root: SAMPLE,
    namespace: "kyc",
    ingress,
    requests: 400,
    signal,
    onProgress: (what) => told.push(what),
  });
}

const told: string[] = [];

test("a system that keeps its promises is reported group by group, objects first", async () => {
  const results = await check(await system());
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
  expect([...new Set(results.map(({ group }) => group))]).toEqual([
    "objects",
    "workload",
    "contract",
    "split",
  ]);
  expect(results.find(({ name }) => name === "share of credit-check-basic")?.expected).toBe("50 %");
  expect(told).toEqual([
    "checking the objects",
    `checking http://127.0.0.1:${gateway.port} against checks.yaml`,
    "sending 400 requests through the split of credit-check",
  ]);
});

test("a split that is planned otherwise than it is seen does not hold", async () => {
  const cluster = await system();
  const ref = {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    namespace: "kyc",
    name: "credit-check",
  };
  const text = JSON.stringify(cluster.get(ref)).replace(
    /"tag":"(basic|advanced)","percent":50/g,
    (_, tag: string) => `"tag":"${tag}","percent":${tag === "basic" ? 90 : 10}`,
  );
  cluster.put(JSON.parse(text));
  const failed = (await check(cluster)).filter(({ ok }) => !ok);
  expect(failed.map(({ name, expected }) => `${name} ${expected}`).sort()).toEqual([
    "share of credit-check-advanced 10 %",
    "share of credit-check-basic 90 %",
  ]);
});

test("routes that lead nowhere are a check that does not hold, and so is each object that is missing", async () => {
  const cluster = await deployedCluster("knative");
  const failed = (await check(cluster)).filter(({ ok }) => !ok).map(({ name, seen }) => `${name}: ${seen}`);
  expect(failed).toContain("who decides it: no route leads to a revision");
  expect(failed).toContain("VirtualService: none");
});

test("routes that are not understood are reported", async () => {
  const cluster = await system();
  cluster.put({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "odd", namespace: "kyc" },
    spec: { hosts: ["odd.example"], http: [{ rout: [] }] },
  });
  told.length = 0;
  await check(cluster);
  expect(told.filter((line) => line.includes("VirtualService kyc/odd"))).not.toEqual([]);
});

test("a cancelled check is not a failed one", async () => {
  const controller = new AbortController();
  const cluster = await system();
  const ingress = `http://127.0.0.1:${gateway.port}`;
  const checking = verify({
    kube: cluster.kube,
    root: SAMPLE,
    namespace: "kyc",
    ingress,
    requests: 1_000_000,
    signal: controller.signal,
    onProgress: (what) => {
      if (what.startsWith("sending")) controller.abort();
    },
  });
  await expect(checking).rejects.toThrow("abort");
});
