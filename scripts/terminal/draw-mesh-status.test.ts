import { describe, expect, test } from "bun:test";
import { revisionOf, rolloutOf, splitOf, stateOf } from "../mesh/admin/testing/sample-state.ts";
import { drawMeshStatus } from "./draw-mesh-status.ts";
import { PLAIN } from "./style.ts";

describe("the status of the local mesh", () => {
  test("is each service with its revisions, planned and observed shares", () => {
    expect(drawMeshStatus(stateOf(), PLAIN)).toEqual([
      "the local mesh of /project, ingress gateway http://127.0.0.1:8080",
      "",
      "credit-check  split by Knative, knative/credit-check/2-advanced.yaml:50",
      "├── credit-check-basic        50 %  observed 50 %  ready  tag basic  in 300 ms",
      "└── credit-check-advanced     50 %  observed 50 %  ready  tag advanced  in 300 ms",
      "    100 requests observed since this split is in force",
      "",
      "kyc-aggregator",
      "└── kyc-aggregator-00001        –  ready  in 300 ms",
    ]);
  });

  test("says once how a rollout has ended", () => {
    const ended = { service: "web", doing: "promoted", reason: "no regression" };
    const rollouts = [rolloutOf({ ...ended, outcome: "promoted" })];
    const lines = drawMeshStatus(stateOf({ rollouts }), PLAIN);
    expect(lines.at(-1)).toBe("rollout  web: promoted (no regression)");
  });

  test("names the other ports of Gateways below the main one", () => {
    const gateways = [
      { title: "HTTPS, port 443", url: "https://shop.localhost:8443", gateways: ["shop/web"] },
    ];
    expect(drawMeshStatus(stateOf({ gateways }), PLAIN).slice(0, 2)).toEqual([
      "the local mesh of /project, ingress gateway http://127.0.0.1:8080",
      "HTTPS, port 443 of Gateway shop/web https://shop.localhost:8443",
    ]);
  });

  test("names the header of a split by buckets, and shows a single bucket", () => {
    const split = splitOf({
      basic: { percent: 99.99, count: 9_998, low: 0.99, high: 1 },
      advanced: { percent: 0.01, count: 2, low: 0, high: 0.01 },
    });
    for (const [i, buckets] of [2_500, 1].entries())
      Object.assign(split.observed.revisions[i] ?? {}, { buckets });
    const [service] = stateOf().services;
    if (service === undefined) throw new Error("no service");
    const splits = [{ ...split, by: "Istio" as const, header: "x-kyc-bucket" }];
    const lines = drawMeshStatus(stateOf({ services: [{ ...service, splits }] }), PLAIN).join("\n");
    expect(lines).toContain("split by Istio, by the buckets of x-kyc-bucket");
    expect(lines).toContain("credit-check-advanced   0.01 %  observed 0.02 %, 0.04 % of applicants");
  });

  test("shows why an edit is not in force, and which revision failed", () => {
    const [service] = stateOf().services;
    if (service === undefined) throw new Error("no service");
    const failed = revisionOf("advanced", { state: "failed", reason: "it ended with 1" });
    const at = { file: "istio/routes.yaml", line: 3, column: 1 };
    const lines = drawMeshStatus(
      stateOf({
        services: [{ ...service, revisions: [failed] }],
        waiting: ["credit-check-v3"],
        problems: [{ severity: "error", at, field: "spec", message: "is missing", fix: null }],
      }),
      PLAIN,
    );
    expect(lines.join("\n")).toContain("failed  tag advanced  it ended with 1");
    expect(lines.slice(-5)).toEqual([
      "",
      "an edit waits for credit-check-v3",
      "",
      "the last edit is not in force:",
      "! istio/routes.yaml:3: spec: is missing",
    ]);
  });
});
