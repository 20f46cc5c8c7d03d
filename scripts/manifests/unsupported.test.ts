import { describe, expect, test } from "bun:test";
import { parseDocuments } from "./document.ts";
import { formatProblem } from "./problem.ts";
import { collectResources } from "./resources.ts";
import { GATEWAY, VIRTUAL_SERVICE } from "./testing/samples.ts";

function read(text: string, lenient: boolean): { problems: string[]; kinds: (readonly unknown[])[] } {
  const { documents } = parseDocuments("a.yaml", text);
  const { resources, problems } = collectResources(documents, { lenient });
  const { virtualServices, gateways, destinationRules } = resources;
  return {
    problems: problems.map(formatProblem),
    kinds: [virtualServices, gateways, destinationRules].map((list) => list.map(({ value }) => value)),
  };
}

const RULE = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a, namespace: kyc}
spec:
  host: credit-check-basic
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 1}}
  subsets:
    - name: v1
      labels: {app: a}
      trafficPolicy: {loadBalancer: {simple: RANDOM}, outlierDetection: {consecutive5xxErrors: 1}}
`;

test("labels and annotations without a value are ignored", () => {
  const text = RULE.replace("namespace: kyc}", "namespace: kyc, labels: , annotations: ~}");
  expect(read(text, true).problems).toEqual(read(RULE, true).problems);
});

describe("a field that only a cluster acts on", () => {
  const place =
    "a.yaml:7:5: error: spec.trafficPolicy.connectionPool: this field is not supported here; the local mesh limits no connections";

  test("is an error with file, line, field and remedy", () => {
    const { problems } = read(RULE, false);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toStartWith(place);
  });

  test("is a warning in lenient mode, and is ignored in any position", () => {
    const { problems, kinds } = read(RULE, true);
    expect(problems).toEqual([
      "a.yaml:7:5: warning: spec.trafficPolicy.connectionPool: this field is not supported here, and ignored; the local mesh limits no connections and requests: leave it out, or try it on a cluster",
      "a.yaml:11:55: warning: spec.subsets[0].trafficPolicy.outlierDetection: this field is not supported here, and ignored; the local mesh sends requests to failing processes too: leave it out, or try it on a cluster",
    ]);
    expect(kinds[2]).toMatchObject([
      { spec: { host: "credit-check-basic", subsets: [{ name: "v1", labels: { app: "a" } }] } },
    ]);
    expect(JSON.stringify(kinds)).not.toMatch(/connectionPool|outlierDetection/);
  });

  test("does not hide another mistake", () => {
    const { problems } = read(
      VIRTUAL_SERVICE.replace("timeout: 30s", "timeuot: 30s\n      delegate: {name: other}"),
      true,
    );
    expect(problems).toEqual([
      "a.yaml:19:7: error: spec.http[0].timeuot: there is no such field here; did you mean timeout?",
      "a.yaml:20:7: warning: spec.http[0].delegate: this field is not supported here, and ignored; the local mesh does not follow delegates: leave it out, or try it on a cluster",
    ]);
  });
});

describe("a kind that only a cluster acts on", () => {
  const entry = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a}\n";

  test("is ignored with a warning in lenient mode", () => {
    const { problems, kinds } = read(`${entry}---\n${GATEWAY}`, true);
    expect(problems).toEqual(["a.yaml:2:7: warning: kind: ServiceEntry is not known here, and ignored"]);
    expect(kinds[1]).toHaveLength(1);
  });

  test("is an error otherwise, and so is one that is mistyped", () => {
    expect(read(entry, false).problems[0]).toContain("error: kind: ServiceEntry is not known here");
    expect(read(GATEWAY.replace("kind: Gateway", "kind: Gatewey"), true).problems).toEqual([
      "a.yaml:2:7: error: kind: Gatewey is not known here; did you mean Gateway?",
    ]);
  });
});

test("lenient mode reads a valid file as it is", () => {
  expect(read(VIRTUAL_SERVICE, true)).toEqual(read(VIRTUAL_SERVICE, false));
});
