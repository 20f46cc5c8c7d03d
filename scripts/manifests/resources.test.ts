import { describe, expect, test } from "bun:test";
import { parseDocuments } from "./document.ts";
import { formatProblem, formatPath } from "./problem.ts";
import { collectResources } from "./resources.ts";
import { GATEWAY, KNATIVE_SERVICE, NAMESPACE, SERVICE, VIRTUAL_SERVICE } from "./testing/samples.ts";

describe("documents", () => {
  test("are sorted by kind, in their order", () => {
    const { resources, problems } = collect(
      [KNATIVE_SERVICE, VIRTUAL_SERVICE, GATEWAY, SERVICE, NAMESPACE, KNATIVE_SERVICE].join("---\n"),
    );
    expect(problems).toEqual([]);
    expect(resources.knativeServices.map(({ document }) => document.at([]).line)).toEqual([1, 93]);
    expect(resources.virtualServices.map(({ value }) => value.metadata.name)).toEqual(["kyc"]);
    expect(resources.gateways.map(({ value }) => value.spec.selector)).toEqual([{ istio: "ingressgateway" }]);
    expect(resources.externalNames.map(({ value }) => value.spec.externalName)).toEqual([
      "a.b.svc.cluster.local",
    ]);
    expect(resources.namespaces.map(({ value }) => value.metadata.name)).toEqual(["kyc"]);
  });

  test("say which of their fields are for the cluster only", () => {
    const { resources } = collect(KNATIVE_SERVICE);
    expect(resources.clusterOnly.map(({ file, path }) => `${file} ${formatPath(path)}`)).toContain(
      "f.yaml spec.template.spec.containers[0].resources",
    );
  });

  test("that are invalid are left out and reported", () => {
    const { resources, problems } = collect(`${NAMESPACE}---\n${GATEWAY.replace("selector", "selectors")}`);
    expect(resources.gateways).toEqual([]);
    expect(resources.namespaces).toHaveLength(1);
    expect(problems).toEqual([
      "f.yaml:10:3: error: spec.selectors: there is no such field here; did you mean selector?",
    ]);
  });
});

describe("a document of no known kind", () => {
  test.each([
    ["hello", "1:1: error: this is not a Kubernetes object; give apiVersion, kind and metadata"],
    ["- a", "1:1: error: this is not a Kubernetes object; give apiVersion, kind and metadata"],
    ["apiVersion: v1", "1:1: error: kind is missing; add kind, a string"],
    ["kind: [Service]", "1:7: error: kind: this is not a kind; write a string"],
    ["kind: Sevice", "1:7: error: kind: Sevice is not known here; did you mean Service?"],
    [
      "kind: virtualservice",
      "1:7: error: kind: virtualservice is not known here; did you mean VirtualService?",
    ],
    [
      "apiVersion: apps/v1\nkind: StatefulSet",
      "2:7: error: kind: StatefulSet is not known here; keep what is for the cluster only outside the folders that the local mesh reads",
    ],
    ["kind: Service", "1:1: error: apiVersion is missing; add serving.knative.dev/v1 or v1"],
    [
      "kind: Service\napiVersion: 1",
      "2:13: error: apiVersion: 1 has no Service; write serving.knative.dev/v1 or v1",
    ],
    [
      "apiVersion: networking.istio.io/v1\nkind: Service",
      "1:13: error: apiVersion: networking.istio.io/v1 has no Service; write serving.knative.dev/v1 or v1",
    ],
    [
      "apiVersion: v1\nkind: Gateway",
      "1:13: error: apiVersion: v1 has no Gateway; write networking.istio.io/v1",
    ],
  ])("%j is reported as such", (text, expected) => {
    expect(collect(text).problems).toEqual([`f.yaml:${expected}`]);
  });
});

describe("two objects of one name", () => {
  test.each([
    ["VirtualService", VIRTUAL_SERVICE, "36:9", "default/kyc"],
    ["Gateway", GATEWAY, "18:9", "default/kyc"],
    ["Service", SERVICE, "11:18", "kyc/other"],
  ])(
    "of kind %s are reported, because on a cluster the second replaces the first",
    (kind, text, place, name) => {
      expect(collect(`${text}---\n${text}`).problems).toEqual([
        `f.yaml:${place}: error: metadata.name: ${kind} ${name} is described in f.yaml already; keep one of the two`,
      ]);
    },
  );

  test.each([
    ["are successive states of a Knative Service", KNATIVE_SERVICE, KNATIVE_SERVICE],
    ["may be of different kinds", VIRTUAL_SERVICE, GATEWAY],
    [
      "may be in different namespaces",
      GATEWAY,
      GATEWAY.replace("  name: kyc", "  name: kyc\n  namespace: kyc"),
    ],
  ])("%s", (_, one, other) => {
    expect(collect(`${one}---\n${other}`).problems).toEqual([]);
  });
});

function collect(text: string) {
  const { documents, problems } = parseDocuments("f.yaml", text);
  expect(problems).toEqual([]);
  const { resources, problems: found } = collectResources(documents);
  return { resources, problems: found.map(formatProblem) };
}
