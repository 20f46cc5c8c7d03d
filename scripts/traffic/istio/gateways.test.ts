import { describe, expect, test } from "bun:test";
import {
  compiled,
  creditCheck,
  gateway,
  HALVES,
  request,
  sent,
  to,
  virtualService,
} from "../testing/sample-plans.ts";

const RULE = [{ route: [to("basic")] }];

describe("the gateways of a VirtualService", () => {
  test.each([
    ["a short name is in its namespace", ["kyc"], "ingress"],
    ["./NAME too", ["./kyc"], "ingress"],
    ["NAMESPACE/NAME is any", ["kyc/kyc"], "ingress"],
    [
      "net-istio's public one exists without a manifest",
      ["knative-serving/knative-ingress-gateway"],
      "ingress",
    ],
    ["and its local one", ["knative-serving/knative-local-gateway"], "local-gateway"],
    ["mesh means the sidecars", ["mesh"], "mesh"],
    ["none means mesh", undefined, "mesh"],
  ] as const)("%s", (_, gateways, expected) => {
    const service = virtualService(RULE, {
      hosts: ["a.example"],
      ...(gateways && { gateways: [...gateways] }),
    });
    const { plan, problems } = compiled(...creditCheck(HALVES), gateway("kyc", ["*"]), service);
    expect(problems).toEqual([]);
    for (const listener of ["ingress", "local-gateway", "mesh"] as const) {
      expect(sent(plan, listener, request("a.example")).kind).toBe(
        listener === expected ? "revision" : "nowhere",
      );
    }
  });

  test.each([
    ["kycc", "there is no Gateway kyc/kycc; did you mean kyc/kyc?"],
    ["other/kyc", "there is no Gateway other/kyc"],
    ["knative-serving/knative-local", "did you mean knative-serving/knative-local-gateway?"],
  ])("that are missing are reported: %s", (name, expected) => {
    const service = virtualService(RULE, { hosts: ["a.example"], gateways: ["mesh", name] });
    const { problems } = compiled(...creditCheck(HALVES), gateway("kyc", ["*"]), service);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith("4.yaml:11:7: error: spec.gateways[1]: ");
    expect(problems[0]).toContain(expected);
  });
});

describe("the hosts that a Gateway serves", () => {
  // Hosts of the Gateway, hosts of the VirtualService, the request's host, whether it is answered.
  test.each<[string[], string[], string, boolean]>([
    [["*"], ["a.example"], "a.example", true],
    [["*"], ["*"], "anything.at.all", true],
    [["a.example"], ["a.example"], "a.example", true],
    [["a.example"], ["a.example"], "b.example", false],
    [["*.example"], ["a.example"], "a.example", true],
    [["*.example"], ["*.b.example"], "a.b.example", true],
    [["*.example"], ["*.b.example"], "a.c.example", false],
    // A VirtualService with more hosts than the Gateway applies to the Gateway's hosts.
    [["a.example", "b.example"], ["*"], "b.example", true],
    [["a.example", "b.example"], ["*"], "c.example", false],
    [["a.example"], ["*.example"], "a.example", true],
    [["a.example"], ["*.example"], "b.example", false],
    // Open to one namespace.
    [["./a.example"], ["a.example"], "a.example", true],
    [["kyc/a.example"], ["a.example"], "a.example", true],
    [["*/a.example"], ["a.example"], "a.example", true],
    [["other/a.example", "./b.example"], ["*"], "a.example", false],
  ])("%j and rules for %j: %s is answered: %p", (served, hosts, host, expected) => {
    const service = virtualService(RULE, { hosts, gateways: ["kyc"] });
    const { plan, problems } = compiled(...creditCheck(HALVES), gateway("kyc", served), service);
    expect(problems).toEqual([]);
    expect(sent(plan, "ingress", request(host)).kind).toBe(expected ? "revision" : "nowhere");
  });

  test.each([[["b.example"]], [["other/a.example"]], [["*.a.example"]]])(
    "%j and rules for a.example: a warning",
    (served) => {
      const service = virtualService(RULE, { hosts: ["a.example"], gateways: ["kyc"] });
      const { plan, problems } = compiled(...creditCheck(HALVES), gateway("kyc", served), service);
      expect(problems).toEqual([
        "4.yaml:8:7: warning: spec.hosts[0]: Gateway kyc/kyc does not serve a.example, so these rules do not hold there; add the host to the Gateway's servers",
      ]);
      expect(sent(plan, "ingress", request("a.example")).kind).toBe("nowhere");
    },
  );
});

describe("a Gateway besides the ingress gateway's port 80", () => {
  const service = virtualService(RULE, { hosts: ["a.example"], gateways: ["kyc"] });

  test("has a listener of its own on another port", () => {
    const { plan, problems } = compiled(...creditCheck(HALVES), gateway("kyc", ["*"], 8080), service);
    expect(problems).toEqual([]);
    expect(sent(plan, "ingress", request("a.example")).kind).toBe("nowhere");
    expect(sent(plan, "gateway istio=ingressgateway port 8080", request("a.example")).kind).toBe("revision");
  });

  test("has a listener of its own at other pods", () => {
    const own = JSON.parse(JSON.stringify(gateway("kyc", ["*"])).replace("ingressgateway", "own"));
    const { plan, problems } = compiled(...creditCheck(HALVES), own, service);
    expect(problems).toEqual([]);
    expect(sent(plan, "gateway istio=own port 80", request("a.example")).kind).toBe("revision");
  });
});
