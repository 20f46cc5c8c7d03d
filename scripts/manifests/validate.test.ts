import { describe, expect, test } from "bun:test";
import type { Code } from "./codes/codes.ts";
import type { FieldPath } from "./document.ts";
import { formatPath } from "./problem.ts";
import type { SchemaNode } from "./explain.ts";
import { VirtualService } from "./kinds/istio-virtual-service.ts";
import { KnativeService } from "./kinds/knative-service.ts";
import { KNATIVE_SERVICE, SAMPLES, VIRTUAL_SERVICE } from "./testing/samples.ts";
import { problemsOf, read, replaced, told } from "./testing/told.ts";
import { clusterOnlyFields, judge, validate } from "./validate.ts";

test.each(SAMPLES)("%s that is valid gives its value and no problem", (_, schema, text) => {
  const document = read(text);
  expect(validate(schema, document)).toEqual({ value: document.value, problems: [], unsupported: [] });
});

describe("the problems of a document", () => {
  test("are all reported, each once, in the order of the file", () => {
    const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {}
spec:
  hosts: []
  http:
    - match:
        - uri: {exact: /, prefix: /}
          port: 80
      route:
        - destination: {}
          weight: -1
        - wieght: 1
`;
    expect(told(VirtualService, text)).toEqual([
      "3:11: metadata: name is missing; add name, a string",
      "5:10: spec.hosts: the list is empty; give at least one item",
      "8:16: spec.http[0].match[0].uri: exactly one of exact, prefix and regex is needed here, and 2 are given",
      "9:11: spec.http[0].match[0].port: this field is not supported here; the local mesh does not match on the port: leave it out, or try it on a cluster",
      "11:24: spec.http[0].route[0].destination: host is missing; add host, a string",
      "12:19: spec.http[0].route[0].weight: -1 is too small; at least 0 is allowed",
      "13:11: spec.http[0].route[1]: destination is missing; add destination, a map of fields",
      "13:11: spec.http[0].route[1].wieght: there is no such field here; did you mean weight?",
    ]);
  });

  test("are reported for each field that one map lacks", () => {
    expect(told(KnativeService, "apiVersion: serving.knative.dev/v1\nkind: Service\n")).toEqual([
      "1:1: metadata is missing; add metadata, a map of fields",
      "1:1: spec is missing; add spec, a map of fields",
    ]);
  });

  test("are reported by the hundred", () => {
    const text = replaced(
      KNATIVE_SERVICE,
      "      percent: 100",
      `      percent: 100\n${"    - tag: A\n".repeat(150)}`,
    );
    expect(told(KnativeService, text)).toHaveLength(150);
  });

  test("in a map that is used twice are reported once, at their definition", () => {
    const text = `${VIRTUAL_SERVICE}    - &rule
      route: [{destination: {hots: a}}]
    - *rule
    - <<: *rule
`;
    expect(told(VirtualService, text)).toEqual([
      "33:30: spec.http[2].route[0].destination.hots: there is no such field here; did you mean host?",
    ]);
  });
});

// Every known field that is not implemented has a specific reason, in every position.
describe.each(SAMPLES)("in %s", (_, schema, text) => {
  const { value } = read(text);
  const noted = [...notedFields(schema as SchemaNode, value, [])];

  test.each(noted)("%p is a problem with its reason: %s", (path, reason, code) => {
    const changed = structuredClone(value);
    const parent = path.slice(0, -1).reduce((at, step) => (at as never)[step], changed) as Record<
      string,
      unknown
    >;
    parent[path.at(-1) as string] = {};
    const told = problemsOf(schema, read(JSON.stringify(changed)));
    expect(told).toContainEqual(
      expect.objectContaining({
        field: formatPath(path),
        code,
        fix: reason,
      }),
    );
  });
});

describe("an object as kubectl get -o yaml prints it", () => {
  test("is read without the fields that the cluster filled in", () => {
    const text = VIRTUAL_SERVICE.replace(
      "  name: kyc\n",
      "  name: kyc\n  uid: x\n  managedFields: []\n  ownerReferences: []\n  finalizers: [a/b]\n",
    );
    const { value, problems } = validate(VirtualService, read(`${text}status: {}\n`));
    expect(problems).toEqual([]);
    expect(value).toEqual(validate(VirtualService, read(VIRTUAL_SERVICE)).value);
  });
});

describe("the valid part of an object", () => {
  const judged = (line: string, by: string) =>
    judge(VirtualService, read(replaced(VIRTUAL_SERVICE, line, by)));

  test("is all but the invalid part", () => {
    const { value, problems, invalid } = judged("      timeout: 30s", "      timeout: 30\n      tiemout: 1s");
    expect(invalid.map(formatPath).sort()).toEqual(["spec.http[0].tiemout", "spec.http[0].timeout"]);
    expect(problems.map(({ code }) => code)).toEqual(["wrong-type", "unknown-field"]);
    expect(value?.spec.http[0]).toMatchObject({ name: "home", retries: { attempts: 2 } });
    expect(value?.spec.http).toHaveLength(2);
  });

  test("lacks a list with an invalid item, and is undefined without a name", () => {
    const { value, invalid } = judged("            host: credit-check", "            hots: credit-check");
    expect(invalid.map(formatPath)).toContain("spec.http[0].route[0].destination");
    expect(value?.spec.http[0]?.route).toBeUndefined();
    expect(value?.spec.http[0]?.timeout).toBe("30s");
    expect(judged("  name: kyc", "  name: [kyc]").value).toBeUndefined();
  });

  test("has the fields that the local mesh does not implement only if their form is known", () => {
    const { value, unsupported } = judged("      timeout: 30s", "      mirrorPercent: 5");
    expect(unsupported.map(formatPath)).toEqual(["spec.http[0].mirrorPercent"]);
    expect(value?.spec.http[0]).not.toHaveProperty("mirrorPercent");
  });
});

describe("fields for the cluster only", () => {
  test("are found, and not those that have an effect here", () => {
    const paths = clusterOnlyFields(KnativeService, read(KNATIVE_SERVICE).value).map(formatPath);
    const container = "spec.template.spec.containers[0]";
    expect(paths).toEqual([
      "metadata.annotations",
      'spec.template.metadata.annotations["client.knative.dev/user-image"]',
      `${container}.imagePullPolicy`,
      `${container}.readinessProbe.periodSeconds`,
      `${container}.livenessProbe`,
      `${container}.resources`,
    ]);
  });

  test("include those that have an effect only with several localities", () => {
    const written = VIRTUAL_SERVICE.replace(
      "attempts: 2",
      "attempts: 2\n        retryRemoteLocalities: true",
    );
    const paths = clusterOnlyFields(VirtualService, read(written).value).map(formatPath);
    expect(paths).toEqual(["spec.http[0].retries.retryRemoteLocalities"]);
  });
});

function* notedFields(
  node: SchemaNode,
  value: unknown,
  path: FieldPath,
): Generator<[path: FieldPath, reason: string, code: Code]> {
  for (const [name, reason] of Object.entries(node.refused ?? {}))
    yield [[...path, name], reason, "refused-field"];
  for (const [name, reason] of Object.entries(node.unsupported ?? {}))
    yield [[...path, name], reason, "local-mesh"];
  if (Array.isArray(value)) yield* notedFields(node.items as SchemaNode, value[0], [...path, 0]);
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const inner = (value as Record<string, unknown>)[name];
    if (inner !== undefined) yield* notedFields(child, inner, [...path, name]);
  }
}
