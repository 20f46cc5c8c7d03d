import { describe, expect, test } from "bun:test";
import {
  CLUSTER_LOCAL,
  compiled,
  creditCheck,
  gateway,
  HALVES,
  planOf,
  request,
  rulesAt,
  sent,
  to,
  virtualService,
} from "../testing/sample-plans.ts";

const BASIC = [{ route: [to("basic")] }];
const ADVANCED = [{ route: [to("advanced")] }];

describe("the host of a VirtualService", () => {
  test.each([
    ["a Knative Service's, in full", "credit-check.kyc.svc.cluster.local"],
    ["a Knative Service's, in short", "credit-check"],
    ["a Knative Service's, partly abbreviated", "credit-check.kyc"],
    ["a tag's", "basic-credit-check.kyc.svc.cluster.local"],
    ["a public one of Knative", "credit-check.kyc.example.com"],
  ])("may not be %s", (_, host) => {
    const { problems } = compiled(
      ...creditCheck(HALVES),
      virtualService(BASIC, { hosts: ["a.example", host] }),
    );
    expect(problems).toEqual([
      `3.yaml:9:7: error: spec.hosts[1]: ${host} belongs to Knative, which writes its own VirtualService for it; route a host of your own`,
    ]);
  });

  test("may be the public name of a cluster-local service, which Knative does not serve", () => {
    const own = virtualService(BASIC, { hosts: ["credit-check.kyc.example.com"] });
    expect(compiled(...creditCheck(HALVES, CLUSTER_LOCAL), own).problems).toEqual([]);
  });

  test.each([[undefined], [["mesh"]], [["kyc", "mesh"]]])(
    "may not be * for sidecars: gateways %j",
    (gateways) => {
      const any = virtualService(BASIC, { hosts: ["*"], ...(gateways && { gateways }) });
      expect(compiled(...creditCheck(HALVES), gateway("kyc", ["*"]), any).problems).toEqual([
        "4.yaml:8:7: error: spec.hosts[0]: the host * is not allowed for sidecars; take mesh off the gateways, or name the hosts",
      ]);
    },
  );

  test("may lie in a wider name", () => {
    const wide = virtualService(BASIC, { hosts: ["*.kyc.svc.cluster.local", "*.example"] });
    const { plan, problems } = compiled(...creditCheck(HALVES), wide);
    expect(problems).toEqual([]);
    expect(sent(plan, "mesh", request("some.other.example"))).toMatchObject({
      revision: "kyc/credit-check-basic",
    });
    // Knative's own host is more specific.
    expect(rulesAt(plan, "mesh", "credit-check.kyc.svc.cluster.local")).toHaveLength(1);
    expect(sent(plan, "mesh", request("credit-check.kyc"), 0.9)).toMatchObject({
      revision: "kyc/credit-check-advanced",
    });
  });
});

test("of two wider names the more specific one applies, in any order", () => {
  for (const [wide, narrow] of [
    ["one", "two"],
    ["two", "one"],
  ] as const) {
    const services = [
      virtualService(BASIC, { hosts: ["*.example"] }, wide),
      virtualService(ADVANCED, { hosts: ["*.b.example"] }, narrow),
    ];
    const plan = planOf(...creditCheck(HALVES), ...(wide === "one" ? services : services.reverse()));
    expect(sent(plan, "mesh", request("a.b.example"))).toMatchObject({
      revision: "kyc/credit-check-advanced",
    });
    expect(sent(plan, "mesh", request("a.c.example"))).toMatchObject({ revision: "kyc/credit-check-basic" });
  }
});

describe("two VirtualServices for one host", () => {
  const both = (spec: { hosts: string[]; gateways?: string[] }, other = spec) =>
    compiled(
      ...creditCheck(HALVES),
      gateway("kyc", ["*"]),
      virtualService(BASIC, spec, "one"),
      virtualService(ADVANCED, other, "two"),
    );

  test("do not merge in sidecars: an error", () => {
    expect(both({ hosts: ["a.example"] }).problems).toEqual([
      "5.yaml:8:7: error: spec.hosts[0]: VirtualService kyc/one has rules for a.example too, and sidecars use the rules of only one; write them in one VirtualService",
    ]);
  });

  test("merge at a gateway in no defined order: a warning, and here the first goes first", () => {
    const { plan, problems } = both({ hosts: ["a.example"], gateways: ["kyc"] });
    expect(problems).toEqual([
      "5.yaml:8:7: warning: spec.hosts[0]: VirtualService kyc/one has rules for a.example too, and their order is not defined; write them in one VirtualService",
    ]);
    expect(sent(plan, "ingress", request("a.example"))).toMatchObject({ revision: "kyc/credit-check-basic" });
  });

  test("are reported once if they conflict in two places", () => {
    const { problems } = both({ hosts: ["a.example"], gateways: ["kyc", "mesh"] });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain("error");
  });

  test("are allowed at different gateways, or if one host is more specific", () => {
    expect(both({ hosts: ["a.example"], gateways: ["kyc"] }, { hosts: ["a.example"] }).problems).toEqual([]);
    const { plan, problems } = both(
      { hosts: ["*"], gateways: ["kyc"] },
      { hosts: ["a.example"], gateways: ["kyc"] },
    );
    expect(problems).toEqual([]);
    expect(sent(plan, "ingress", request("a.example"))).toMatchObject({
      revision: "kyc/credit-check-advanced",
    });
    expect(sent(plan, "ingress", request("b.example"))).toMatchObject({ revision: "kyc/credit-check-basic" });
  });
});

test("a rule applies once to each host that a VirtualService names", () => {
  const hosts = ["a.example", "a.example", "b.example"];
  const plan = planOf(...creditCheck(HALVES), virtualService(BASIC, { hosts }));
  expect(rulesAt(plan, "mesh", "a.example")).toHaveLength(1);
  expect(rulesAt(plan, "mesh", "b.example")).toHaveLength(1);
});

test("nothing is nothing", () => {
  const { plan, problems } = compiled();
  expect(problems).toEqual([]);
  expect(plan.services).toEqual([]);
  expect(sent(plan, "ingress", request("a.example"))).toMatchObject({ kind: "nowhere", status: 404 });
});

describe("two VirtualServices for one host of the mesh", () => {
  const exported = (name: string, exportTo?: string[]) =>
    virtualService([{ route: [to("basic")] }], { ...(exportTo && { exportTo }) }, name);
  const codes = (...objects: object[]) =>
    compiled(...creditCheck(HALVES), ...objects).problems.filter((text) =>
      text.includes("sidecars use the rules of only one"),
    );

  test("are an error if some sidecar sees both", () => {
    expect(codes(exported("a"), exported("b"))).toHaveLength(1);
    expect(codes(exported("a", ["."]), exported("b"))).toHaveLength(1);
    expect(codes(exported("a", ["."]), exported("b", ["other"]), exported("c", ["kyc"]))).toHaveLength(1);
  });

  test("are no error if exportTo separates them", () => {
    expect(codes(exported("a", ["."]), exported("b", ["other"]))).toEqual([]);
  });
});
