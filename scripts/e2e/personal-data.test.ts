import { describe, expect, test } from "bun:test";
import { FakeCluster } from "../cluster/testing/fake-cluster.ts";
import { fakeStage } from "./fake-stage.ts";
import { APPLICANT, placesOfApplicant, traceIn } from "./personal-data.ts";

describe("an applicant's data", () => {
  test.each([
    APPLICANT.applicantId,
    APPLICANT.name,
    APPLICANT.name.toUpperCase(),
    ...APPLICANT.aliases,
    APPLICANT.dateOfBirth,
    APPLICANT.passport.mrz.split("\n")[0],
    APPLICANT.passport.mrz.split("\n")[1],
    String(APPLICANT.creditUsage.limit),
    String(APPLICANT.creditUsage.used),
  ])("is found by %p", (value) => {
    expect(traceIn(`{"msg":"request for ${value} failed"}`)).toBeString();
  });

  test("is not found in other lines", () => {
    expect(traceIn('{"level":"info","status":200,"path":"/kyc/v1/customer","ms":1.25}')).toBeUndefined();
  });

  test("is found in Events, by their names", async () => {
    const cluster = new FakeCluster();
    const event = (name: string, message: string) => {
      const object = { apiVersion: "v1", kind: "Event", metadata: { name, namespace: "kyc" }, message };
      cluster.put(object);
    };
    event("healthy", "Readiness probe succeeded");
    expect(await placesOfApplicant(fakeStage({ kube: cluster.kube }))).toEqual([]);
    event("telling", `refused ${APPLICANT.name}`);
    expect(await placesOfApplicant(fakeStage({ kube: cluster.kube }))).toEqual(["Event telling: zebulon"]);
  });
});
