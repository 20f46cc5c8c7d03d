import { describe, expect, test } from "bun:test";
import { ApiError } from "./api-error.ts";
import { KubeObject, parse } from "./kube-object.ts";
import { type Arrived, FakeApiServer, type Handler } from "./testing/fake-api-server.ts";
import { kubeOf } from "./testing/kubeconfig.ts";
import { rejection } from "./testing/rejection.ts";

const ALL = "/apis/serving.knative.dev/v1/namespaces/kyc/services";
const ONE = `${ALL}/credit-check`;
const REF = { apiVersion: "serving.knative.dev/v1", kind: "Service", namespace: "kyc", name: "credit-check" };

/** Every field that a client could lose: the version of its own kind `Service`, for example, has none of these. */
const SERVICE = {
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: {
    name: "credit-check",
    namespace: "kyc",
    labels: { "networking.knative.dev/visibility": "cluster-local" },
    annotations: { text: 'Grüße "🌍"\n\u0000\u2028', empty: "" },
    resourceVersion: "5",
  },
  spec: {
    template: {
      metadata: { name: "credit-check-basic", annotations: { "autoscaling.knative.dev/min-scale": "1" } },
      spec: {
        containerConcurrency: 0,
        timeoutSeconds: 300,
        containers: [
          {
            image: "dev.local/kyc/credit-check:1",
            ports: [{ name: "http1", containerPort: 8080 }],
            env: [{ name: "CREDIT_CHECK_VARIANT", value: "basic" }, { name: "EMPTY" }],
            resources: { requests: { cpu: "100m" }, limits: {} },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
            volumeMounts: [],
          },
        ],
      },
    },
    traffic: [
      { revisionName: "credit-check-basic", percent: 90, tag: "basic" },
      { latestRevision: true, percent: 10 },
    ],
    someFieldOfTheFuture: {
      nothing: null,
      object: {},
      list: [],
      nested: [[{ a: [null, {}] }]],
      numbers: [0, -1, 0.1, 1e21, 5e-324, 1.7976931348623157e308, 9007199254740991, -9007199254740991],
      __proto_: "kept",
    },
  },
};

describe("apply", () => {
  test("sends a Knative Service without losing a field, and returns the server's result", async () => {
    using server = await FakeApiServer.start();
    const made = { ...SERVICE, status: { url: "http://credit-check.kyc", traffic: [{ percent: 90 }] } };
    server.on(`PATCH ${ONE}`, (answer) => answer.json(made));
    expect(await kubeOf(server).apply(SERVICE, { fieldManager: "kyc" })).toEqual(made);
    const [sent] = server.to(ONE);
    expect(JSON.parse(sent?.body ?? "")).toEqual(SERVICE);
    expect(sent?.headers["content-type"]).toBe("application/apply-patch+yaml");
    expect(sent?.query).toEqual({ fieldManager: "kyc", fieldValidation: "Strict" });
  });

  test("sends a field named like a prototype unchanged", async () => {
    using server = await FakeApiServer.start();
    server.on(`PATCH ${ONE}`, echo);
    const text = JSON.stringify(SERVICE).replace("__proto_", "__proto__");
    expect(JSON.stringify(await kubeOf(server).apply(JSON.parse(text), { fieldManager: "kyc" }))).toBe(text);
    expect(server.to(ONE)[0]?.body).toBe(text);
  });

  test("takes fields over only on request, and changes nothing in a dry run", async () => {
    using server = await FakeApiServer.start();
    server.on(`PATCH ${ONE}`, echo);
    const kube = kubeOf(server);
    await kube.apply(SERVICE, { fieldManager: "a&b", force: true });
    await kube.apply(SERVICE, { fieldManager: "kyc", dryRun: true, force: false });
    expect(server.to(ONE).map(({ query }) => query)).toEqual([
      { fieldManager: "a&b", fieldValidation: "Strict", force: "true" },
      { fieldManager: "kyc", fieldValidation: "Strict", dryRun: "All" },
    ]);
  });

  test("has the field of a conflict, and its manager", async () => {
    using server = await FakeApiServer.start();
    const causes = ["spec.traffic", "spec.template.spec.timeoutSeconds"].map((field) => ({
      reason: "FieldManagerConflict",
      message: 'conflict with "kubectl" using serving.knative.dev/v1',
      field: `.${field}`,
    }));
    const message =
      'Apply failed with 2 conflicts: conflicts with "kubectl" using serving.knative.dev/v1:\n- .spec.traffic';
    server.on(`PATCH ${ONE}`, (answer) => answer.refuse(409, "Conflict", message, { details: { causes } }));
    const error = await rejection(kubeOf(server).apply(SERVICE, { fieldManager: "kyc" }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 409, reason: "Conflict", status: { details: { causes } } });
    expect(error.message).toBe(`cannot apply Service kyc/credit-check: ${message}`);
  });

  test("needs the namespace of a kind that is in one", async () => {
    using server = await FakeApiServer.start();
    const homeless = { ...SERVICE, metadata: { name: "credit-check" } };
    for (const write of ["apply", "create"] as const) {
      const error = await rejection(kubeOf(server)[write](homeless, { fieldManager: "kyc" }));
      expect(error.message).toBe("Service credit-check is in a namespace: say in which");
    }
  });
});

describe("create", () => {
  test("posts the object to its namespace", async () => {
    using server = await FakeApiServer.start();
    server.on(`POST ${ALL}`, echo);
    expect(await kubeOf(server).create(SERVICE, { fieldManager: "kyc", dryRun: true })).toEqual(SERVICE);
    const [sent] = server.to(ALL);
    expect(sent?.query).toEqual({ fieldManager: "kyc", dryRun: "All", fieldValidation: "Strict" });
    expect(sent?.headers["content-type"]).toBe("application/json");
  });

  test("posts an object without a namespace to the path of its kind", async () => {
    using server = await FakeApiServer.start();
    server.on("POST /api/v1/namespaces", echo);
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "kyc" } };
    expect(await kubeOf(server).create(namespace, { fieldManager: "kyc" })).toEqual(namespace);
  });
});

describe("replace", () => {
  test("replaces an object, and fails when it was changed since it was read", async () => {
    using server = await FakeApiServer.start();
    let current: KubeObject = SERVICE;
    server.on(`GET ${ONE}`, (answer) => answer.json(current));
    server.on(`PUT ${ONE}`, (answer, { body }) => {
      const sent = parse(KubeObject, JSON.parse(body), "what was sent");
      if (sent.metadata.resourceVersion !== current.metadata.resourceVersion)
        return answer.refuse(
          409,
          "Conflict",
          "the object has been modified; please apply your changes to the latest version",
        );
      current = { ...sent, metadata: { ...sent.metadata, resourceVersion: "6" } };
      answer.json(current);
    });
    const kube = kubeOf(server);
    const read = await kube.get(REF);
    if (read === undefined) throw new Error("not there");
    expect((await kube.replace(read, { fieldManager: "kyc" })).metadata.resourceVersion).toBe("6");
    const error = await rejection(kube.replace(read, { fieldManager: "kyc" }));
    expect(error).toMatchObject({ code: 409, reason: "Conflict" });
    expect(error.message).toStartWith("cannot change Service kyc/credit-check: the object has been modified");
  });

  test("refuses an object that was not read: it would overwrite whatever is there", async () => {
    using server = await FakeApiServer.start();
    const written = { ...SERVICE, metadata: { name: "credit-check", namespace: "kyc" } };
    const error = await rejection(kubeOf(server).replace(written, { fieldManager: "kyc" }));
    expect(error.message).toEndWith("it has no resourceVersion");
    expect(server.requests).toBeEmpty();
  });
});

test("patch sends a merge patch, with its nulls", async () => {
  using server = await FakeApiServer.start();
  server.on(`PATCH ${ONE}`, (answer) => answer.json(SERVICE));
  const patch = { metadata: { annotations: { old: null } }, spec: { traffic: [] } };
  await kubeOf(server).patch(REF, patch, { fieldManager: "kyc" });
  const [sent] = server.to(ONE);
  expect(JSON.parse(sent?.body ?? "")).toEqual(patch);
  expect(sent?.headers["content-type"]).toBe("application/merge-patch+json");
  expect(sent?.query).toEqual({ fieldManager: "kyc" });
});

const echo: Handler = (answer, { body }: Arrived) => answer.json(JSON.parse(body));
