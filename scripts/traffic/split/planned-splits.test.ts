import { describe, expect, test } from "bun:test";
import { BUCKET_HEADER, createBuckets } from "../../../functions/kyc-aggregator/bucket.ts";
import { HeaderList } from "../../route-fields/headers/header-list.ts";
import { resolve } from "../resolve.ts";
import { BUCKETS, bucketName } from "./bucket-ranges.ts";
import { bucketRules } from "./bucket-rules.ts";
import { parseDocuments } from "../../manifests/document.ts";
import { collectResources, type Resources } from "../../manifests/resources.ts";
import { stringify } from "yaml";
import { compilePlan, type Plan } from "../compile/compile.ts";
import { type PlannedSplit, splitsOf } from "./planned-splits.ts";
import { creditCheck, HALVES, to, virtualService } from "../testing/sample-plans.ts";

const LOCAL_GATEWAY = "knative-local-gateway.istio-system.svc.cluster.local";

function planned(...manifests: object[]): { plan: Plan; resources: Resources } {
  const documents = manifests.flatMap(
    (manifest, i) => parseDocuments(`${i + 1}.yaml`, stringify(manifest)).documents,
  );
  const { resources } = collectResources(documents);
  const { plan, problems } = compilePlan(resources, "example.com");
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
  return { plan, resources };
}

function splits(...manifests: object[]): PlannedSplit[] {
  const { plan, resources } = planned(...manifests);
  const service = plan.services.find(({ name }) => name === "credit-check");
  return service === undefined ? [] : splitsOf(service, plan, resources.virtualServices);
}

const shares = ({ targets }: PlannedSplit): unknown =>
  targets.map(({ revision, tag, percent }) => [revision, tag, percent]);

/** Returns a destination by way of a tag's host. */
function byTag(tag: string, weight: number): object {
  const headers = { request: { set: { Host: `${tag}-credit-check.kyc.svc.cluster.local` } } };
  return { destination: { host: LOCAL_GATEWAY }, weight, headers };
}

test("the local mesh routes each of the 10,000 buckets by the split, and none to the default", () => {
  const wanted = [
    { revision: "credit-check-basic", tag: "basic", percent: 66.66, latest: false },
    { revision: "credit-check-advanced", tag: "advanced", percent: 33.34, latest: false },
  ];
  const tags = new Map(wanted.map(({ tag, revision }) => [tag, revision]));
  const service = { name: "credit-check", namespace: "kyc", revisions: [...tags.values()], tags };
  const listed = wanted.map((target) => ({
    ...target,
    destination: { destination: { host: target.revision } },
    ranges: [],
  }));
  const http = bucketRules({ example: { route: [] }, listed, wanted, service }, BUCKET_HEADER);
  const { plan, resources } = planned(...creditCheck(HALVES), virtualService(http));
  const [split] = plan.services.flatMap((each) => splitsOf(each, plan, resources.virtualServices));
  expect(split).toMatchObject({ by: "Istio", header: BUCKET_HEADER, deciding: true });
  expect(split && shares(split)).toEqual([
    ["credit-check-basic", "basic", 66.66],
    ["credit-check-advanced", "advanced", 33.34],
  ]);
  const authority = resources.virtualServices[0]?.value.spec.hosts[0] ?? "";
  const reached = (...bucket: string[]): string | undefined => {
    const headers = new HeaderList(bucket.flatMap((value) => [BUCKET_HEADER, value]));
    const request = { method: "GET", target: "/", authority, headers };
    const resolution = resolve(plan.table, "mesh", request, () => 0);
    return resolution.kind === "revision" ? resolution.revision : undefined;
  };
  const advanced = Array.from({ length: BUCKETS }, (_, bucket) => reached(bucketName(bucket))).map(
    (revision) => revision === "kyc/credit-check-advanced",
  );
  // The aggregator derives one of these names.
  expect(bucketName(42)).toHaveLength(createBuckets("a key")("applicant").length);
  expect(advanced.lastIndexOf(true)).toBe(3333);
  expect(advanced.filter(Boolean)).toHaveLength(3334);
  expect([reached(), reached("x"), reached("00000")]).toEqual(
    Array.from({ length: 3 }, () => "kyc/credit-check-basic"),
  );
});

describe("the splits of a service", () => {
  test("are only Knative's if no VirtualService weights its revisions", () => {
    const [split, ...others] = splits(...creditCheck(HALVES), virtualService([{ route: [to("basic")] }]));
    expect(others).toEqual([]);
    expect(split).toMatchObject({ by: "Knative", object: "Service credit-check", deciding: true });
    expect(split && shares(split)).toEqual([
      ["credit-check-basic", "basic", 50],
      ["credit-check-advanced", "advanced", 50],
    ]);
    expect(split?.rules.length).toBe(1);
  });

  test.each([
    ["revisions", [to("basic", { weight: 3 }), to("advanced", { weight: 1 })]],
    ["tags", [byTag("basic", 3), byTag("advanced", 1)]],
  ])("are decided by a VirtualService that weighs %s", (_, route) => {
    const [split, knative] = splits(...creditCheck(HALVES), virtualService([{ route }]));
    expect(split).toMatchObject({
      by: "Istio",
      object: "VirtualService vs",
      deciding: true,
      at: { file: "3.yaml" },
    });
    expect(split && shares(split)).toEqual([
      ["credit-check-basic", "basic", 75],
      ["credit-check-advanced", "advanced", 25],
    ]);
    expect(knative).toMatchObject({ by: "Knative", deciding: false });
  });

  test.each([
    ["revisions", [to("basic", { weight: 0 }), to("advanced", { weight: 100 })]],
    ["tags", [byTag("basic", 0), byTag("advanced", 100)]],
  ])("keep a destination among %s that currently has no weight", (_, route) => {
    const [split] = splits(...creditCheck(HALVES), virtualService([{ route }]));
    expect(split && shares(split)).toEqual([
      ["credit-check-basic", "basic", 0],
      ["credit-check-advanced", "advanced", 100],
    ]);
    expect(split?.rules.length).toBe(1);
  });

  test("have a rule for each gateway, all with one position", () => {
    const http = [{ route: [to("basic", { weight: 1 }), to("advanced", { weight: 1 })] }];
    const gateways = ["mesh", "knative-serving/knative-local-gateway"];
    const hosts = ["own.kyc.svc.cluster.local"];
    const [split] = splits(...creditCheck(HALVES), virtualService(http, { hosts, gateways }));
    expect(split?.rules.length).toBe(2);
  });

  test("do not include routes to another service", () => {
    const elsewhere = { destination: { host: LOCAL_GATEWAY }, weight: 1 };
    const [split] = splits(
      ...creditCheck(HALVES),
      virtualService([{ route: [to("basic", { weight: 1 }), elsewhere] }]),
    );
    expect(split?.by).toBe("Knative");
  });
});
