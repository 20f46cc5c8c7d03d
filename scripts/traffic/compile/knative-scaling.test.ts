import { expect, test } from "bun:test";
import { KnativeService } from "../../manifests/kinds/knative-service.ts";
import { read } from "../../manifests/testing/told.ts";
import { formatProblem, type Problem } from "../../manifests/problem.ts";
import { validate } from "../../manifests/validate.ts";
import { checkState } from "./knative-state.ts";

/** Returns the problems of a Knative Service with these annotations on its revision and on itself. */
function told(revision: Record<string, string>, service: Record<string, string> = {}): string[] {
  const lines = (annotations: Record<string, string>, indent: string): string =>
    Object.entries(annotations)
      .map(([name, value]) => `${indent}${name}: ${JSON.stringify(value)}\n`)
      .join("");
  const document = read(`apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: a
  annotations:
${lines({ "example.com/note": "x", ...service }, "    ")}spec:
  template:
    metadata:
      annotations:
${lines({ "example.com/note": "x", ...revision }, "        ")}    spec:
      containers:
        - image: a
`);
  const { value, problems } = validate(KnativeService, document);
  const all: Problem[] = [...problems];
  if (value !== undefined) checkState({ value, document }, true, all);
  return all.map((problem) => formatProblem(problem).replace("f.yaml:", "").replace(" error:", ""));
}

const FIELD = "spec.template.metadata.annotations";
const key = (name: string): string => `autoscaling.knative.dev/${name}`;

test("a revision may have every scaling that Knative accepts", () => {
  const annotations = {
    "min-scale": "1",
    "max-scale": "3",
    "initial-scale": "2",
    "activation-scale": "2",
    target: "12.5",
    "target-utilization-percentage": "80",
    "panic-window-percentage": "20.0",
    "panic-threshold-percentage": "150",
    window: "1h",
    "scale-to-zero-pod-retention-period": "1m5s",
    metric: "concurrency",
    class: "kpa.autoscaling.knative.dev",
    "target-burst-capacity": "-1",
  };
  expect(
    told(Object.fromEntries(Object.entries(annotations).map(([name, value]) => [key(name), value]))),
  ).toEqual([]);
});

test.each<[string, string, string]>([
  ["min-scale", "one", '12:44: FIELD: "one" is not a whole number in quotes, 0 or more'],
  ["min-scale", "-1", '12:44: FIELD: "-1" is not a whole number in quotes, 0 or more'],
  ["target", "much", '12:41: FIELD: "much" is not a number in quotes, such as "100"'],
  ["window", "500ms", '12:41: FIELD: "500ms" is not a duration of whole seconds, such as 90s or 1m30s'],
  ["window", "5s", "12:41: FIELD: 5s is not a window that Knative accepts; give 6s to 1h"],
  ["window", "2h", "12:41: FIELD: 2h is not a window that Knative accepts; give 6s to 1h"],
  ["metric", "rps", '12:41: FIELD: "rps" is not allowed here; write concurrency'],
  [
    "minScalee",
    "1",
    "12:44: FIELD: unknown scaling annotation; did you mean autoscaling.knative.dev/min-scale?",
  ],
  [
    "max-scales",
    "1",
    "12:45: FIELD: unknown scaling annotation; did you mean autoscaling.knative.dev/max-scale?",
  ],
])("a revision's scaling %s %s is refused", (name, value, expected) => {
  expect(told({ [key(name)]: value })).toEqual([expected.replace("FIELD", `${FIELD}["${key(name)}"]`)]);
});

test("max-scale may not be less than min-scale, where 0 means no limit", () => {
  expect(told({ [key("min-scale")]: "3", [key("max-scale")]: "2" })).toEqual([
    `13:44: ${FIELD}["${key("max-scale")}"]: 2 is less than min-scale, which is 3; at least 3 is allowed, or "0" for no limit`,
  ]);
  expect(told({ [key("min-scale")]: "3", [key("max-scale")]: "0" })).toEqual([]);
});

test("scaling written on the service instead of its revision is refused", () => {
  expect(told({}, { [key("min-scale")]: "1" })).toEqual([
    `7:40: metadata.annotations["${key("min-scale")}"]: this annotation belongs to a revision, not to the service; write it under spec.template.metadata.annotations`,
  ]);
});

test("a deprecated spelling of an annotation is read as by Knative", () => {
  expect(told({ "autoscaling.knative.dev/minScale": "3", "autoscaling.knative.dev/maxScale": "2" })).toEqual([
    expect.stringContaining("2 is less than min-scale, which is 3"),
  ]);
});
