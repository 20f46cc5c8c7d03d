import { describe, expect, test } from "bun:test";
import {
  compiled,
  creditCheck,
  forwardOf,
  HALVES,
  knativeService,
  type Manifest,
  planOf,
  rulesAt,
  virtualService,
} from "../testing/sample-plans.ts";

const BASIC = "credit-check-basic";

describe("a subset", () => {
  test.each<[string, object, string]>([
    ["the revision's own name", { "serving.knative.dev/revision": BASIC }, BASIC],
    ["the service's name", { "serving.knative.dev/service": "credit-check" }, BASIC],
    ["the app that Knative sets", { app: BASIC }, BASIC],
    ["Istio's name for it", { "service.istio.io/canonical-revision": BASIC }, BASIC],
    ["several of them", { app: BASIC, "serving.knative.dev/configuration": "credit-check" }, BASIC],
    ["none at all", {}, BASIC],
  ])("is chosen by %s", (_, labels, expected) => {
    const [to] = destinations(rule([{ name: "v1", labels }]), [{ host: BASIC, subset: "v1" }]);
    expect(to).toMatchObject({ subset: "v1", backend: { revision: `kyc/${expected}` } });
  });

  test("is chosen by a label of the revision's template", () => {
    const [first, second] = creditCheck(HALVES) as [{ spec: { template: { metadata: object } } }, object];
    Object.assign(first.spec.template.metadata, { labels: { version: "one", app: "check" } });
    const plan = planOf(
      first,
      second,
      rule([{ name: "v1", labels: { version: "one", app: "check" } }]),
      virtualService([{ route: [{ destination: { host: BASIC, subset: "v1" } }] }]),
    );
    const [routed] = rulesAt(plan, "mesh", "own.kyc.svc.cluster.local");
    expect(forwardOf(routed).destinations[0]?.backend).toEqual({
      kind: "revision",
      revision: `kyc/${BASIC}`,
    });
  });

  test("of a Knative Service's host has the revisions with the labels, with a warning that it is empty on a cluster", () => {
    const subsets = ["basic", "advanced"].map((name) => ({
      name,
      labels: { "serving.knative.dev/revision": `credit-check-${name}` },
    }));
    const { plan, problems } = compiled(
      ...creditCheck(HALVES),
      rule(subsets, "credit-check"),
      virtualService([
        {
          route: [
            { destination: { host: "credit-check", subset: "basic" }, weight: 80 },
            { destination: { host: "credit-check", subset: "advanced" }, weight: 20 },
          ],
        },
      ]),
    );
    expect(problems).toEqual([
      "3.yaml:7:9: warning: spec.host: on a cluster credit-check leads to Knative's gateway, where no pod has these labels; there name the Service of a revision: credit-check-basic, credit-check-advanced",
    ]);
    const [routed] = rulesAt(plan, "mesh", "own.kyc.svc.cluster.local");
    expect(forwardOf(routed).destinations.map(({ backend, weight }) => [backend, weight])).toEqual([
      [{ kind: "revision", revision: "kyc/credit-check-basic" }, 80],
      [{ kind: "revision", revision: "kyc/credit-check-advanced" }, 20],
    ]);
  });

  test("with several revisions shares its weight evenly between them", () => {
    const labels = { "serving.knative.dev/service": "credit-check" };
    const action = destinations(
      rule([{ name: "all", labels }], "credit-check"),
      [{ host: "credit-check", subset: "all" }],
      2,
    );
    expect(action.map(({ weight }) => weight)).toEqual([50, 50]);
  });

  test.each<[string, object[], object, string[]]>([
    [
      "that is missing",
      [{ name: "basic", labels: { app: BASIC } }],
      { host: BASIC, subset: "basci" },
      [
        "4.yaml:13:21: error: spec.http[0].route[0].destination.subset: credit-check-basic.kyc.svc.cluster.local has no subset basci; did you mean basic?",
      ],
    ],
    [
      "of a host without any",
      [],
      { host: "credit-check-advanced", subset: "v1" },
      [
        "4.yaml:13:21: error: spec.http[0].route[0].destination.subset: credit-check-advanced.kyc.svc.cluster.local has no subset v1; add a DestinationRule for the host that has it",
      ],
    ],
    [
      "with a label that no revision has",
      [{ name: "v1", labels: { app: "credit-check-basik" } }],
      { host: BASIC },
      [
        "3.yaml:11:9: error: spec.subsets[0].labels: no revision has these labels; app: did you mean credit-check-basic?",
      ],
    ],
    [
      "of the same name twice",
      [{ name: "v1" }, { name: "v1" }],
      { host: BASIC },
      [
        "3.yaml:10:13: error: spec.subsets[1].name: credit-check-basic.kyc.svc.cluster.local has a subset v1 already; choose another name",
      ],
    ],
  ])("%s is reported", (_, subsets, destination, expected) => {
    const { problems } = compiled(
      ...creditCheck(HALVES),
      rule(subsets),
      virtualService([{ route: [{ destination }] }]),
    );
    expect(problems).toEqual(expected);
  });

  test.each([
    [
      "credit-chek",
      "there is no host credit-chek.kyc.svc.cluster.local; did you mean credit-check.kyc.svc.cluster.local?",
    ],
    [
      "knative-local-gateway.istio-system.svc.cluster.local",
      "knative-local-gateway.istio-system.svc.cluster.local has no revisions; name the Service of a revision",
    ],
  ])("of the host %s is reported", (host, expected) => {
    const { problems } = compiled(...creditCheck(HALVES), rule([{ name: "v1" }], host));
    expect(problems).toEqual([`3.yaml:7:9: error: spec.host: ${expected}`]);
  });

  test("belongs to the host in the namespace of its DestinationRule", () => {
    const other = knativeService("credit-check", { revision: BASIC, namespace: "other" });
    const elsewhere = { ...rule([{ name: "v1" }]), metadata: { name: "dr", namespace: "other" } };
    const { problems } = compiled(
      ...creditCheck(HALVES),
      other,
      elsewhere,
      virtualService([{ route: [{ destination: { host: BASIC, subset: "v1" } }] }]),
    );
    expect(problems[0]).toContain("has no subset v1");
  });
});

function rule(subsets: object[], host = BASIC): object {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "dr", namespace: "kyc" },
    spec: { host, subsets },
  };
}

function destinations(
  destinationRule: Manifest,
  to: object[],
  warnings = 0,
): ReturnType<typeof forwardOf>["destinations"] {
  const { plan, problems } = compiled(
    ...creditCheck(HALVES),
    destinationRule,
    virtualService([{ route: to.map((destination) => ({ destination })) }]),
  );
  expect(problems.filter((problem) => problem.includes("error"))).toEqual([]);
  expect(problems.length).toBeLessThanOrEqual(warnings);
  const [routed] = rulesAt(plan, "mesh", "own.kyc.svc.cluster.local");
  return forwardOf(routed).destinations;
}
