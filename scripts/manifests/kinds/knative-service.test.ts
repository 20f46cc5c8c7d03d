import { describe, expect, test } from "bun:test";
import { KNATIVE_SERVICE } from "../testing/samples.ts";
import { replaced, told } from "../testing/told.ts";
import { KnativeService } from "./knative-service.ts";

describe("in a Knative Service", () => {
  // Each row: a line of the sample, its replacement, and the expected problem.
  test.each([
    ["  traffic:", "  trafic:", ["30:3: spec.trafic: there is no such field here; did you mean traffic?"]],
    [
      "      percent: 100",
      "      procent: 100",
      ["33:7: spec.traffic[0].procent: there is no such field here; did you mean percent?"],
    ],
    [
      "      percent: 100",
      "      share: 100",
      [
        "33:7: spec.traffic[0].share: there is no such field here; known are revisionName, latestRevision, tag, percent",
      ],
    ],
    [
      "      containers:",
      "      initContainers:",
      [
        "14:7: spec.template.spec: containers is missing; add containers, a list",
        "16:7: spec.template.spec.initContainers: this field is not supported here; the local mesh runs one container a revision",
      ],
    ],
    ["metadata:", "metdata:", ["3:1: metdata: there is no such field here; did you mean metadata?"]],
    [
      "      percent: 100",
      "      configurationName: credit-check",
      [
        "33:7: spec.traffic[0].configurationName: this field is not allowed here; a Knative Service does not allow configurationName: use revisionName or latestRevision: true",
      ],
    ],
    [
      "              value: basic",
      "              valueFrom: {fieldRef: {fieldPath: metadata.name}}",
      [
        "21:27: spec.template.spec.containers[0].env[0].valueFrom.fieldRef: this field is not supported here; there are no pods on one machine: give a value",
      ],
    ],
    [
      "      percent: 100",
      "      percent: 120",
      ["33:16: spec.traffic[0].percent: 120 is too large; at most 100 is allowed"],
    ],
    [
      "      percent: 100",
      "      percent: -5",
      ["33:16: spec.traffic[0].percent: -5 is too small; at least 0 is allowed"],
    ],
    [
      "      percent: 100",
      "      percent: 12.5",
      ["33:16: spec.traffic[0].percent: a whole number is expected, not 12.5"],
    ],
    [
      "      percent: 100",
      '      percent: "50"',
      ['33:16: spec.traffic[0].percent: a whole number is expected, not "50"; write it without quotes'],
    ],
    [
      "      percent: 100",
      "      percent: 50%",
      ['33:16: spec.traffic[0].percent: a whole number is expected, not "50%"'],
    ],
    [
      "      percent: 100",
      "      percent:",
      ["33:15: spec.traffic[0].percent: a whole number is expected, and nothing is given"],
    ],
    [
      "      percent: 100",
      "      percent: .nan",
      ["33:16: spec.traffic[0].percent: a whole number is expected, not NaN"],
    ],
    [
      "      tag: basic",
      "      tag: Basic",
      [
        '32:12: spec.traffic[0].tag: "Basic" is not a tag of lower-case letters, digits and -, with a letter first and no - last',
      ],
    ],
    [
      "      tag: basic",
      "      tag: 1",
      [
        "32:12: spec.traffic[0].tag: 1 is not a tag of lower-case letters, digits and -, with a letter first and no - last",
      ],
    ],
    [
      "      tag: basic",
      `      tag: ${"a".repeat(64)}`,
      ["32:12: spec.traffic[0].tag: the text has 64 characters; at most 63 are allowed"],
    ],
    [
      "              value: basic",
      "              value: 5",
      [
        "21:22: spec.template.spec.containers[0].env[0].value: a string is expected, not 5; write it in quotes",
      ],
    ],
    [
      "              value: basic",
      "              value: yes",
      [
        "21:22: spec.template.spec.containers[0].env[0].value: a string is expected, not true; write it in quotes",
      ],
    ],
    [
      "              value: basic",
      "              value:",
      [
        '21:21: spec.template.spec.containers[0].env[0].value: a string is expected, and nothing is given; write "" for an empty one',
      ],
    ],
    [
      "              value: basic",
      "              value: [basic]",
      ["21:22: spec.template.spec.containers[0].env[0].value: a string is expected, not a list"],
    ],
    [
      "            - name: CREDIT_CHECK_VARIANT",
      "            - name: CREDIT CHECK",
      [
        '20:21: spec.template.spec.containers[0].env[0].name: "CREDIT CHECK" is not the name of an environment variable: letters, digits, _, . and -, no digit first',
      ],
    ],
    [
      "          imagePullPolicy: IfNotPresent",
      "          imagePullPolicy: ifnotpresnt",
      [
        '18:28: spec.template.spec.containers[0].imagePullPolicy: "ifnotpresnt" is not allowed here; did you mean IfNotPresent?',
      ],
    ],
    [
      "          imagePullPolicy: IfNotPresent",
      "          imagePullPolicy: sometimes",
      [
        '18:28: spec.template.spec.containers[0].imagePullPolicy: "sometimes" is not allowed here; write Always, IfNotPresent or Never',
      ],
    ],
    [
      "        - image: dev.local/kyc/credit-check:dev",
      "        - name: main",
      ["17:11: spec.template.spec.containers[0]: image is missing; add image, a string"],
    ],
    [
      "        - image: dev.local/kyc/credit-check:dev",
      '        - image: ""',
      ["17:18: spec.template.spec.containers[0].image: the text is empty; give at least one character"],
    ],
    [
      "          resources: {limits: {cpu: 1, memory: 64Mi}}",
      "          resources: {limits: {cpu: true}}",
      [
        "29:37: spec.template.spec.containers[0].resources.limits.cpu: true is not a quantity such as 250m, 64Mi or 1",
      ],
    ],
    [
      "    app: credit-check",
      "    networking.knative.dev/visibility: 5",
      [
        '6:40: metadata.labels["networking.knative.dev/visibility"]: a string is expected, not 5; write it in quotes',
      ],
    ],
    [
      "  name: credit-check",
      "  name: Credit_Check",
      [
        '4:9: metadata.name: "Credit_Check" is not a name of at most 63 lower-case letters, digits and -, with a letter or digit at both ends',
      ],
    ],
    [
      "apiVersion: serving.knative.dev/v1",
      "apiVersion: serving.knative.dev/v1beta1",
      ['1:13: apiVersion: "serving.knative.dev/v1beta1" is not allowed here; write serving.knative.dev/v1'],
    ],
    ["  name: credit-check", "  uid: x", ["4:3: metadata: name is missing; add name, a string"]],
    [
      "  name: credit-check",
      "  name: credit-check\n  constructor: x",
      [
        "5:3: metadata.constructor: there is no such field here; known are name, namespace, labels, annotations",
      ],
    ],
  ])("%j as %j is reported", (line, broken, expected) => {
    expect(told(KnativeService, replaced(KNATIVE_SERVICE, line, broken))).toEqual(expected);
  });

  test.each([
    ["traffic: []", ["traffic: []"], "2:10: traffic: the list is empty; give at least one item"],
    [
      "traffic: {a: 1}",
      ["traffic: {a: 1}"],
      '2:10: traffic: a list is expected, not a map of fields; begin each item with "-"',
    ],
    ["traffic: ~", ["traffic:"], "2:9: traffic: a list is expected, and nothing is given"],
  ])("a traffic block other than a list of targets is reported: %s", (_, lines, expected) => {
    const schema = { ...KnativeService.properties.spec, required: [] };
    expect(told(schema, `# spec\n${lines.join("\n")}\n`)).toEqual([expected]);
  });

  test("a second container is reported", () => {
    const text = replaced(KNATIVE_SERVICE, "      containers:", "      containers:\n        - image: a");
    expect(told(KnativeService, text)).toEqual([
      "17:9: spec.template.spec.containers: the list has 2 items; the local mesh runs one container a revision: leave the others out",
    ]);
  });
});
