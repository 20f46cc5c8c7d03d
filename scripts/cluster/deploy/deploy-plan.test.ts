import { describe, expect, test } from "bun:test";
import { SAMPLE } from "../../../test/sample.ts";
import { parseDocuments } from "../../manifests/document.ts";
import { readDocuments } from "../../manifests/read.ts";
import { type DeployStep, isKnativeService, planDeploy } from "./deploy-plan.ts";

const IMAGES = [
  { name: "credit-check", image: "dev.local/kyc/credit-check:new" },
  { name: "kyc-aggregator", image: "dev.local/kyc/kyc-aggregator:new" },
];

async function repository(
  revisions: Record<string, string> = {},
): Promise<ReturnType<typeof planDeploy>["steps"]> {
  const { documents } = await readDocuments(SAMPLE, ["knative", "istio"]);
  const { steps, problems } = planDeploy(documents, IMAGES, new Map(Object.entries(revisions)));
  expect(problems).toEqual([]);
  return steps;
}

function isCreditCheck({ object }: DeployStep): boolean {
  return isKnativeService(object) && object.metadata.name === "credit-check";
}

const names = (steps: Awaited<ReturnType<typeof repository>>): string[] =>
  steps.map(({ object }) => `${object.kind} ${object.metadata.name}`);

describe("the plan of a deployment", () => {
  test("applies referenced objects first, a service's states in order, and routes last", async () => {
    const order = names(await repository());
    const at = (name: string): number => order.indexOf(name);
    expect(order[0]).toBe("Namespace kyc");
    expect(order.filter((name) => name === "Service credit-check")).toHaveLength(2);
    expect(at("Gateway kyc")).toBeLessThan(at("Service credit-check"));
    expect(at("Service kyc-credit-check")).toBeLessThan(at("Service credit-check"));
    expect(order.slice(-2).sort()).toEqual(["VirtualService kyc", "VirtualService kyc-credit-check"]);
    const states = (await repository()).filter(isCreditCheck);
    expect(states.map(({ awaits }) => awaits?.revision)).toEqual([
      "credit-check-basic",
      "credit-check-advanced",
    ]);
  });

  test("marks every object as its own, and no revision's template", async () => {
    for (const { object } of await repository()) {
      expect(object.metadata.labels?.["app.kubernetes.io/managed-by"]).toBe("kyc");
      expect(JSON.stringify(object.spec ?? {})).not.toContain("managed-by");
    }
  });

  test("puts the functions' images in place of those in the files", async () => {
    const images = (await repository()).flatMap(
      ({ object }) => JSON.stringify(object).match(/dev\.local[^"]+/g) ?? [],
    );
    expect(images.every((image) => image.endsWith(":new"))).toBe(true);
    expect(images).toHaveLength(3);
  });

  test("passes over an earlier state whose revision exists, never the last", async () => {
    const steps = await repository({
      "kyc/credit-check-basic": "dev.local/kyc/credit-check:new",
      "kyc/credit-check-advanced": "dev.local/kyc/credit-check:new",
    });
    const states = steps.filter(isCreditCheck);
    expect(states.map(({ skip }) => skip)).toEqual(["credit-check-basic exists", undefined]);
  });

  test("keeps the image of an existing revision, because it never changes, and reports it", async () => {
    const steps = await repository({ "kyc/credit-check-advanced": "dev.local/kyc/credit-check:old" });
    const last = steps.findLast(isCreditCheck);
    expect(JSON.stringify(last?.object)).toContain("credit-check:old");
    expect(last?.note).toStartWith(
      "credit-check-advanced keeps the image dev.local/kyc/credit-check:old: a revision never changes.",
    );
  });

  test("gives a service without a revision's name the new image, and so a new revision", async () => {
    const steps = await repository({ "kyc/kyc-aggregator-00001": "dev.local/kyc/kyc-aggregator:old" });
    const aggregator = steps.find(
      ({ object }) => object.metadata.name === "kyc-aggregator" && object.apiVersion !== "v1",
    );
    expect(JSON.stringify(aggregator?.object)).toContain("kyc-aggregator:new");
    expect(aggregator?.note).toBeUndefined();
  });

  test.each([
    ["not an object", "hello: world", "not a Kubernetes object"],
    [
      "a Knative Service without a template",
      "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: x}",
      "needs a template",
    ],
  ])("reports %s", (_, yaml, message) => {
    const { documents } = parseDocuments("x.yaml", yaml);
    const { problems } = planDeploy(documents, IMAGES, new Map());
    expect(problems).toMatchObject([
      { at: { file: "x.yaml", line: 1 }, message: expect.stringContaining(message) },
    ]);
  });
});
