import { describe, expect, test } from "bun:test";
import Type from "typebox";
import { Check } from "typebox/schema";
import { FORWARD_PORTS, GET_PODS, LIST_PODS } from "../../cluster/rbac.ts";
import { rightsToWrite } from "../../engines/on-cluster/cluster-engine.ts";
import { type JobOptions, jobObjects } from "./job-objects.ts";

const OPTIONS: JobOptions = {
  namespace: "kyc",
  service: "credit-check",
  rights: [
    rightsToWrite("credit-check", {
      apiGroups: ["serving.knative.dev"],
      resources: ["services"],
      resourceNames: ["credit-check"],
      verbs: ["patch"],
    }),
    { own: [LIST_PODS, GET_PODS, FORWARD_PORTS], gateways: [], everywhere: [] },
  ],
  gatewayNamespaces: ["istio-system"],
  image: "dev.local/kyc/kyc-rollout:1",
  args: ["credit-check", "--to=advanced"],
  suffix: "ab12c",
  by: "ann@host",
};

const Role = Type.Object({
  rules: Type.Array(
    Type.Object({
      resources: Type.Array(Type.String()),
      verbs: Type.Array(Type.String()),
      resourceNames: Type.Optional(Type.Array(Type.String())),
    }),
  ),
});

/** Returns the rights as `verb resource name`. */
function rights(options: JobOptions): string[] {
  return jobObjects(options).flatMap((object) => {
    const any: unknown = object;
    if (!Check(Role, any)) return [];
    return any.rules.flatMap(({ resources, verbs, resourceNames = ["*"] }) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) => verbs.map((verb) => `${verb} ${resource} ${name}`)),
      ),
    );
  });
}

describe("a rollout as a Job", () => {
  test("may only change the service's split and its own journal, history and Lease, and write events", () => {
    const writes = rights(OPTIONS).filter(
      (right) => !/^(get|list) /.test(right) && !right.includes("portforward"),
    );
    expect(writes).toEqual([
      "patch services credit-check",
      "update configmaps kyc-split-credit-check",
      "patch configmaps kyc-split-credit-check",
      "update configmaps kyc-rollout-credit-check",
      "patch configmaps kyc-rollout-credit-check",
      "update configmaps kyc-rollout-credit-check-evidence",
      "patch configmaps kyc-rollout-credit-check-evidence",
      "create events *",
      "update leases kyc-rollout-credit-check",
    ]);
  });

  test("has each right once, even if engine and source need the same", () => {
    const all = rights({ ...OPTIONS, gatewayNamespaces: [] });
    expect(all.filter((right) => right === "get pods *")).toHaveLength(1);
    expect(all.filter((right) => right === "create pods/portforward *")).toHaveLength(1);
  });

  test("may not read secrets or logs, or execute in pods", () => {
    expect(rights(OPTIONS).filter((right) => /secret|log|exec|attach|\* \*/.test(right))).toEqual([]);
  });

  test("may query the gateway's proxies in the gateway's namespace", () => {
    const places = jobObjects({ ...OPTIONS, gatewayNamespaces: ["kyc", "istio-system"] })
      .filter(({ kind }) => kind === "Role")
      .map(({ metadata }) => metadata.namespace);
    expect(places).toEqual(["kyc", "istio-system"]);
  });

  test("is not retried after a rollback or a hold, and continues after its pod is lost", () => {
    const job: unknown = jobObjects(OPTIONS).at(-1);
    expect(job).toMatchObject({
      kind: "Job",
      metadata: { name: "kyc-rollout-credit-check-ab12c" },
      spec: {
        podFailurePolicy: {
          rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [1, 2, 3] } }],
        },
        template: {
          spec: {
            restartPolicy: "Never",
            serviceAccountName: "kyc-rollout-credit-check",
            containers: [{ args: ["rollout", "credit-check", "--to=advanced"] }],
          },
        },
      },
    });
  });
});
