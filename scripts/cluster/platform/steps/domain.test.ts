import { describe, expect, test } from "bun:test";
import { FakeCluster } from "../../testing/fake-cluster.ts";
import { readLedger } from "../ledger.ts";
import { config, fakePlatform, type FakePlatform } from "../fake-platform.ts";
import { domainStep, removeDomain } from "./domain.ts";

const CONFIG = { apiVersion: "v1", kind: "ConfigMap", namespace: "knative-serving", name: "config-domain" };

function withDomains(data: Record<string, string>, context = "prod", ip?: string): FakePlatform {
  const cluster = new FakeCluster(context, [config("knative-serving", "config-domain", data)]);
  const minikube = JSON.stringify({ invalid: [], valid: [{ Name: "minikube" }] });
  return fakePlatform({
    cluster,
    programs: { "minikube profile list": minikube, "minikube ip": ip ?? { code: 1 } },
  });
}

describe("the domain", () => {
  test.each<[Record<string, string>, boolean, string]>([
    [{ "kyc.example.org": "" }, true, "kyc.example.org"],
    [{ _example: "x", "10.0.0.1.sslip.io": "", "example.com": "" }, true, "10.0.0.1.sslip.io"],
    [{ _example: "kyc.example.org: |" }, false, "none is set"],
    [{ "example.com": "" }, false, "none is set"],
    [{ "svc.cluster.local": "selector: {app: secret}" }, false, "none is set"],
  ])("with %j is so: %p", async (data, done, detail) => {
    expect(await domainStep.inspect(withDomains(data).platform)).toEqual({ done, detail });
  });

  test.each([
    ["minikube", "192.168.49.2\n", "192.168.49.2.sslip.io"],
    ["minikube", undefined, "127.0.0.1.sslip.io"],
    ["minikube", "not an address", "127.0.0.1.sslip.io"],
    ["prod", "192.168.49.2\n", "127.0.0.1.sslip.io"],
  ])("in %s whose node is at %j becomes %s, and is restored", async (context, ip, domain) => {
    const { platform, cluster, report } = withDomains({ _example: "x" }, context, ip);
    expect(await domainStep.run(platform, report)).toBe(domain);
    expect(cluster.get(CONFIG)).toMatchObject({ data: { _example: "x", [domain]: "" } });
    expect((await domainStep.inspect(platform)).done).toBe(true);
    const [made] = await readLedger(cluster.kube);
    expect(made?.before).toEqual({ [domain]: null });
    if (made) await removeDomain(cluster.kube, made);
    expect(cluster.get(CONFIG)).toMatchObject({ data: { _example: "x" } });
    expect((await domainStep.inspect(platform)).done).toBe(false);
    expect(await readLedger(cluster.kube)).toEqual([]);
  });

  test("is forgotten when Knative is gone already", async () => {
    const cluster = new FakeCluster();
    await removeDomain(cluster.kube, { step: "domain", objects: [], before: { a: null }, complete: true });
    expect(cluster.writes).toEqual([]);
  });
});
