import { describe, expect, test } from "bun:test";
import { probes } from "./probes.ts";

const all = probes({
  namespace: "kyc",
  pods: [{ revision: "credit-check-basic", ip: "10.0.0.7" }],
  activators: ["10.0.0.9"],
});
const sent = (host: string, port: number, ...lines: string[]): boolean =>
  all.some(
    (probe) =>
      probe.host === host &&
      probe.port === port &&
      lines.every((line) => probe.text.includes(`\r\n${line}\r\n`)),
  );

describe("a probe of an unauthorized caller", () => {
  test.each([
    ["our own host", "kyc-credit-check.kyc.svc.cluster.local"],
    ["the Knative Service's", "credit-check.kyc.svc.cluster.local"],
    ["a tag's", "advanced-credit-check.kyc.svc.cluster.local"],
    ["a revision's", "credit-check-basic.kyc.svc.cluster.local"],
    ["a revision's private one", "credit-check-basic-private.kyc.svc.cluster.local"],
  ])("is %s host, with and without Knative's headers", (_, host) => {
    expect(sent(host, 80, `Host: ${host}`)).toBe(true);
    expect(
      sent(host, 80, "Knative-Serving-Namespace: kyc", "Knative-Serving-Revision: credit-check-basic"),
    ).toBe(true);
  });

  test("tries each gateway, the activator and each port of a pod", () => {
    const host = "Host: credit-check-basic.kyc.svc.cluster.local";
    expect(sent("knative-local-gateway.istio-system.svc.cluster.local", 80, host)).toBe(true);
    expect(sent("istio-ingressgateway.istio-system.svc.cluster.local", 80, host)).toBe(true);
    expect(sent("activator-service.knative-serving.svc.cluster.local", 80, host)).toBe(true);
    expect(sent("10.0.0.9", 8012, host)).toBe(true);
    for (const port of [8012, 8022, 9090, 9091, 8080]) expect(sent("10.0.0.7", port)).toBe(true);
  });

  test("has headers in other case and twice, which components may read differently", () => {
    expect(sent("10.0.0.9", 8012, "KNATIVE-serving-revision: credit-check-basic")).toBe(true);
    expect(
      sent("10.0.0.9", 8012, "Knative-Serving-Namespace:", "Knative-Serving-Revision: credit-check-basic"),
    ).toBe(true);
  });

  test("is a complete request with a unique name", () => {
    for (const { text } of all)
      expect(text).toMatch(/^GET \/credit-check\/report HTTP\/1\.1\r\nHost: [^]+\r\n\r\n$/);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });
});
