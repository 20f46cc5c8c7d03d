import { describe, expect, test } from "bun:test";
import type { KubeObject } from "../kube/kube-object.ts";
import { withLiveTemplate } from "./live-template.ts";

const container = {
  image: "dev.local/kyc/credit-check:1",
  env: [{ name: "CREDIT_CHECK_VARIANT", value: "advanced" }],
  resources: { limits: { cpu: "1000m", memory: "256Mi" } },
};
const filledIn = {
  ...container,
  name: "user-container",
  readinessProbe: { successThreshold: 1 },
  resources: { limits: { cpu: "1", memory: "256Mi" } },
};

function service(name: string | undefined, containers: unknown[], percent = 50): KubeObject {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: "credit-check", namespace: "kyc" },
    spec: { template: { metadata: { name }, spec: { containers } }, traffic: [{ percent }] },
  };
}

const live = service("credit-check-advanced", [filledIn]);

describe("a Knative Service whose revision is the live one", () => {
  test("is applied with the template as Knative filled it in, and with its own traffic", () => {
    const written = service("credit-check-advanced", [container], 90);
    expect(withLiveTemplate(written, live)).toEqual({
      object: service("credit-check-advanced", [filledIn], 90),
    });
  });

  test.each([
    ["another value", [{ ...container, image: "dev.local/kyc/credit-check:2" }], "image"],
    ["a field that the revision lacks", [{ ...container, args: ["--verbose"] }], "args"],
    ["a list of another length", [{ ...container, env: [] }], "env"],
  ])("differs by %s", (_, containers, field) => {
    const written = service("credit-check-advanced", containers);
    expect(withLiveTemplate(written, live)).toEqual({
      differs: ["spec", "template", "spec", "containers", 0, field],
    });
  });

  test("differs by a quantity that is another one, and not by another way to write it", () => {
    const limits = { cpu: "500m", memory: "256Mi" };
    const written = service("credit-check-advanced", [{ ...container, resources: { limits } }]);
    const path = ["spec", "template", "spec", "containers", 0, "resources", "limits", "cpu"];
    expect(withLiveTemplate(written, live)).toEqual({ differs: path });
  });
});

describe("applied as it is written", () => {
  test.each([
    ["a new revision", service("credit-check-v3", [container]), live],
    ["a revision without a name of its own", service(undefined, [container]), service(undefined, [filledIn])],
    ["a service that is not there yet", service("credit-check-advanced", [container]), undefined],
    [
      "an object without a template",
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "kyc" } },
      undefined,
    ],
  ])("is %s", (_, written, before) => {
    expect(withLiveTemplate(written, before)).toEqual({ object: written });
  });
});
