import { beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { lint } from "../scripts/lint/lint.ts";
import { readDocuments, readManifests } from "../scripts/manifests/read.ts";
import { PROJECT } from "../scripts/project.ts";
import { compilePlan, type Plan } from "../scripts/traffic/compile/compile.ts";
import type { Listener } from "../scripts/traffic/table.ts";
import { request, sent } from "../scripts/traffic/testing/sample-plans.ts";
import { choose, copyOf, FOLDERS } from "./sample.ts";

// Invariants of knative/, istio/ and next/ for any percents, weights and versions, because users edit them.

const splits = await readdir(join(PROJECT, "istio/split"));
const next = await readdir(join(PROJECT, "next"));

const APPLIED = [
  ["knative", "istio"],
  ["knative", "istio/strict"],
  ...splits.map((split) => ["knative", "istio/common", `istio/split/${split}`]),
  ...splits.map((split) => [`istio/split/${split}`]),
  ...next.map((name) => [`next/${name}`]),
];

test.each(APPLIED.map((folders) => [folders]))("%s have no findings", async (folders) => {
  const [own, around] = await Promise.all([
    readDocuments(PROJECT, folders),
    readDocuments(PROJECT, ["knative", "istio/common"]),
  ]);
  expect([...own.problems, ...lint(own.documents, around.documents)]).toEqual([]);
  expect(own.documents.length).toBeGreaterThan(0);
});

const AGGREGATOR = /^kyc\/kyc-aggregator-/;
const BASIC = /^kyc\/credit-check-basic$/;
const ADVANCED = /^kyc\/credit-check-advanced$/;
const ANY_CHECK = /^kyc\/credit-check-/;
const NOWHERE = /^404$/;
const OUR_HOST = "kyc-credit-check.kyc.svc.cluster.local";

const CONTRACT: [Listener, host: string, path: string, user: string, reaches: RegExp][] = [
  ["ingress", "any.example", "/", "", AGGREGATOR],
  ["ingress", "any.example", "/kyc/v1/customer?type=basicReport", "", AGGREGATOR],
  ["ingress", "any.example", "/ingress/kyc/v1/customer", "", AGGREGATOR],
  ["ingress", "any.example", "/swagger", "", AGGREGATOR],
  ["ingress", "any.example", "/metrics", "", NOWHERE],
  ["ingress", "credit-check.kyc.example.com", "/credit-check/report", "", ANY_CHECK],
  ["ingress", "any.example", "/credit-check/basic", "", BASIC],
  ["ingress", "any.example", "/credit-check/advanced", "", ADVANCED],
  ["ingress", "any.example", "/credit-check/report", "", ANY_CHECK],
  ["ingress", "any.example", "/credit-check/report", "advanced", ADVANCED],
  ["mesh", OUR_HOST, "/credit-check/basic", "advanced", BASIC],
  ["mesh", OUR_HOST, "/credit-check/advanced", "", ADVANCED],
  ["mesh", OUR_HOST, "/credit-check/report", "basic", BASIC],
  ["mesh", OUR_HOST, "/credit-check/report", "advanced", ADVANCED],
  ["mesh", OUR_HOST, "/credit-check/report", "other", ANY_CHECK],
  ["local-gateway", OUR_HOST, "/credit-check/report", "basic", BASIC],
  ["local-gateway", OUR_HOST, "/credit-check/report", "", ANY_CHECK],
  ["mesh", "basic-credit-check.kyc", "/anything", "", BASIC],
];

describe.each(splits)("with split/%s", (split) => {
  let plan: Plan;
  beforeAll(async () => {
    await using copy = await copyOf(PROJECT, [choose(split)]);
    const { resources, problems } = await readManifests(copy.root, FOLDERS);
    const compiled = compilePlan(resources, "example.com");
    expect([...problems, ...compiled.problems]).toEqual([]);
    plan = compiled.plan;
  });

  test.each(CONTRACT)("%s %s%s, end-user %p, reaches %p", (listener, host, path, user, reaches) => {
    const headers: [string, string][] = user === "" ? [] : [["end-user", user]];
    for (let draw = 0.005; draw < 1; draw += 0.01) {
      const end = sent(plan, listener, request(host, path, { method: "GET", headers }), draw);
      const place = end.kind === "revision" ? end.revision : end.kind === "nowhere" ? end.status : end.kind;
      expect(String(place)).toMatch(reaches);
      // A decision about an applicant is requested once, without retries.
      for (const { before } of end.hops) expect(before).toBeUndefined();
    }
  });
});
