import { describe, expect, test } from "bun:test";
import { parseDocuments } from "../../manifests/document.ts";
import { InvalidManifests } from "../../manifests/problem.ts";
import { readDocuments } from "../../manifests/read.ts";
import { SAMPLE } from "../../../test/sample.ts";
import type { FakeCluster } from "../testing/fake-cluster.ts";
import { knativeCluster, podObject } from "../workload/fake-objects.ts";
import { describeConflicts } from "./conflict.ts";
import { deploy, DeployFailed, type Deployed, type DeployOptions } from "./deploy.ts";
import { runKnative } from "./fake-knative.ts";

const IMAGES = [
  { name: "credit-check", image: "dev.local/kyc/credit-check:new" },
  { name: "kyc-aggregator", image: "dev.local/kyc/kyc-aggregator:new" },
];

/** The reports about each object. */
type Told = string[];

async function deployTo(
  cluster: FakeCluster,
  options: Partial<DeployOptions> = {},
): Promise<Deployed & { told: Told }> {
  const told: Told = [];
  const { documents } = await readDocuments(SAMPLE, ["knative", "istio"]);
  const deployed = await deploy({
    kube: cluster.kube,
    documents,
    namespace: "kyc",
    images: IMAGES,
    events: {
      onChange: (object, change, note) =>
        told.push(`${object} ${change}${note === undefined ? "" : `: ${note}`}`),
      onView() {},
    },
    signal: new AbortController().signal,
    timeoutMs: 5_000,
    forceConflicts: false,
    dryRun: false,
    ...options,
  });
  return { ...deployed, told };
}

function running(): FakeCluster {
  const cluster = knativeCluster();
  runKnative(cluster);
  return cluster;
}

const CREDIT_CHECK = "/apis/serving.knative.dev/v1/namespaces/kyc/services/credit-check";

describe("deploying to an empty cluster", () => {
  test("makes the namespace first and the routes last, and waits for each service in between", async () => {
    const cluster = running();
    const { told, conflicts } = await deployTo(cluster);
    expect(cluster.writes[0]).toBe("PATCH /api/v1/namespaces/kyc");
    const applied = cluster.writes.map((write) => write.split("/").slice(-2).join("/"));
    expect(applied.slice(-2)).toEqual(["virtualservices/kyc", "virtualservices/kyc-credit-check"]);
    expect(told.every((line) => line.endsWith(" created") || line.endsWith("credit-check changed"))).toBe(
      true,
    );
    expect(conflicts).toEqual([]);
  });

  test("applies the second state of a service when the revision of the first is ready, and not before", async () => {
    const cluster = knativeCluster();
    const revisions: string[][] = [];
    cluster.fault = (method, path) => {
      if (method === "PATCH" && path.startsWith(CREDIT_CHECK))
        revisions.push(cluster.names.filter((name) => name.startsWith("Revision kyc/credit-check")));
      return undefined;
    };
    // Knative takes its time.
    runKnative(cluster, { afterMs: 20 });
    await deployTo(cluster);
    expect(revisions).toEqual([[], ["Revision kyc/credit-check-basic"]]);
  });

  test("runs the images that were built", async () => {
    const cluster = running();
    await deployTo(cluster);
    for (const name of ["credit-check-basic", "credit-check-advanced"]) {
      const revision = cluster.get({
        apiVersion: "serving.knative.dev/v1",
        kind: "Revision",
        namespace: "kyc",
        name,
      });
      expect(revision?.spec).toMatchObject({ containers: [{ image: "dev.local/kyc/credit-check:new" }] });
    }
  });

  test("goes to another namespace with all that names it", async () => {
    const cluster = running();
    await deployTo(cluster, { namespace: "trial" });
    expect(cluster.writes.filter((write) => !write.includes("/namespaces/trial"))).toEqual([]);
    const all = cluster.names
      .map((name) => name.split(" ").at(-1))
      .filter((name) => name?.startsWith("kyc/"));
    expect(all).toEqual([]);
    const route = cluster.get({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      namespace: "trial",
      name: "kyc-credit-check",
    });
    expect(JSON.stringify(route)).not.toMatch(/\.kyc\.|"kyc\//);
  });
});

describe("deploying again", () => {
  test("changes nothing", async () => {
    const cluster = running();
    await deployTo(cluster);
    const before = cluster.names;
    const { changes } = await deployTo(cluster);
    expect(new Set(changes.map(({ change }) => change))).toEqual(new Set(["unchanged", "skipped"]));
    expect(cluster.names).toEqual(before);
  });

  test("restores a changed value that no manager holds", async () => {
    const cluster = running();
    await deployTo(cluster);
    const ref = { apiVersion: "networking.istio.io/v1", kind: "Gateway", namespace: "kyc", name: "kyc" };
    const gateway = cluster.get(ref);
    if (gateway) cluster.put({ ...gateway, spec: { servers: [] } });
    const { changes } = await deployTo(cluster);
    expect(changes.filter(({ change }) => change === "changed").map(({ object }) => object)).toEqual([
      "Gateway kyc/kyc",
    ]);
  });

  test("reports that a revision keeps its image although its function has changed", async () => {
    const cluster = running();
    await deployTo(cluster);
    const images = IMAGES.map(({ name, image }) => ({ name, image: image.replace(":new", ":newer") }));
    const { told } = await deployTo(cluster, { images });
    expect(told).toContainEqual(
      expect.stringMatching(
        /^Service kyc\/credit-check unchanged: credit-check-advanced keeps the image .*:new: a revision never changes/,
      ),
    );
    // The aggregator's revisions have no names of their own: it simply gets a new one.
    expect(told).toContain("Service kyc/kyc-aggregator changed");
  });

  test("refuses another value for a revision that exists, and names the line", async () => {
    const cluster = running();
    await deployTo(cluster);
    const { documents } = await readDocuments(SAMPLE, ["knative", "istio"]);
    const edited = documents.map((document) => {
      if (!document.file.endsWith("2-advanced.yaml")) return document;
      const text = JSON.stringify(document.value).replace('"value":"advanced"', '"value":"another"');
      const value: unknown = JSON.parse(text);
      return { ...document, value };
    });
    const error: unknown = await deployTo(cluster, { documents: edited }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidManifests);
    expect(String(error)).toContain(
      "credit-check-advanced runs with another value, and a revision never changes",
    );
    expect(String(error)).toContain("2-advanced.yaml:");
  });
});

describe("a dry run", () => {
  test("reports what would be created on an empty cluster, even without the namespace", async () => {
    const cluster = running();
    cluster.fault = (method, path) =>
      method === "PATCH" && path.includes("/namespaces/kyc/")
        ? refusal(404, "NotFound", 'namespaces "kyc" not found')
        : undefined;
    const { changes } = await deployTo(cluster, { dryRun: true });
    expect(new Set(changes.map(({ change }) => change))).toEqual(new Set(["created"]));
    expect(cluster.writes).toEqual([]);
  });

  test("reports what would change, changes nothing, and waits for nothing", async () => {
    const cluster = running();
    await deployTo(cluster);
    const ref = { apiVersion: "v1", kind: "Service", namespace: "kyc", name: "kyc-credit-check" };
    cluster.remove(ref);
    const before = cluster.writes.length;
    const { told } = await deployTo(cluster, { dryRun: true });
    expect(told.filter((line) => line.includes("created"))).toEqual(["Service kyc/kyc-credit-check created"]);
    expect(cluster.writes).toHaveLength(before);
    expect(cluster.get(ref)).toBeUndefined();
  });

  test("of unknown kinds reports them", async () => {
    const cluster = running();
    cluster.fault = (_, path) =>
      path.startsWith("/apis/networking.istio.io") ? refusal(404, "NotFound", "") : undefined;
    await expect(deployTo(cluster, { dryRun: true })).rejects.toThrow(
      "this cluster has no kind Gateway in networking.istio.io/v1",
    );
  });
});

describe("a field that another manager holds", () => {
  const inConflict = (cluster: FakeCluster): string[] => {
    const forced: string[] = [];
    cluster.fault = (method, path) => {
      if (method !== "PATCH" || !path.startsWith(`${CREDIT_CHECK}?`)) return undefined;
      if (path.includes("force=true")) {
        forced.push(path);
        return undefined;
      }
      const cause = {
        reason: "FieldManagerConflict",
        message: 'conflict with "kn" using serving.knative.dev/v1',
        field: ".spec.traffic",
      };
      return refusal(409, "Conflict", "Apply failed with 1 conflict", { details: { causes: [cause] } });
    };
    return forced;
  };

  test("is left alone and reported with its manager, and the rest is applied", async () => {
    const cluster = running();
    await deployTo(cluster);
    cluster.remove({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      namespace: "kyc",
      name: "kyc",
    });
    inConflict(cluster);
    const { changes, conflicts } = await deployTo(cluster);
    expect(conflicts).toEqual([
      { object: "Service kyc/credit-check", fields: [{ field: "spec.traffic", manager: "kn" }] },
    ]);
    expect(changes).toContainEqual({ object: "VirtualService kyc/kyc", change: "created" });
    expect(describeConflicts(conflicts)).toBe(
      `Fields that another user or tool has set to other values were not changed:
Service kyc/credit-check:
  spec.traffic is set by kn
Copy their values into the files, or overwrite them with ./kyc deploy --force-conflicts.`,
    );
  });

  test("is taken over only on request", async () => {
    const cluster = running();
    await deployTo(cluster);
    const forced = inConflict(cluster);
    const { conflicts } = await deployTo(cluster, { forceConflicts: true });
    expect(conflicts).toEqual([]);
    expect(forced).toHaveLength(1);
  });

  test("is another thing than an object that was changed meanwhile, which is an error", async () => {
    const cluster = running();
    cluster.fault = (method, path) =>
      method === "PATCH" && path.startsWith(CREDIT_CHECK)
        ? refusal(409, "Conflict", "the object has been modified")
        : undefined;
    await expect(deployTo(cluster)).rejects.toThrow(
      "cannot apply Service kyc/credit-check: the object has been modified",
    );
  });
});

describe("a deployment that fails", () => {
  test("ends with the last lines of the pod's log, and applies nothing more", async () => {
    const cluster = knativeCluster();
    cluster.react = (object) => {
      if (object?.kind === "Service" && object.apiVersion.startsWith("serving"))
        cluster.put(
          podObject(object.metadata.name, `${object.metadata.name}-basic`, {
            user: { ready: false, state: { terminated: { exitCode: 78 } } },
          }),
        );
    };
    runKnative(cluster, { ready: "unknown" });
    cluster.fault = (_, path) => {
      if (!path.includes("/log?")) return undefined;
      if (path.includes("previous=true")) return refusal(400, "BadRequest", "previous container not found");
      return new Response('{"level":"fatal","msg":"CREDIT_CHECK_VARIANT is missing"}\nexit\n');
    };
    const { documents } = await readDocuments(SAMPLE, ["knative/credit-check", "istio"]);
    const error: unknown = await deployTo(cluster, { documents }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DeployFailed);
    expect(error instanceof Error && error.message).toBe(
      `credit-check-basic: Crashed: it ended with code 78 (credit-check-basic-pod, container user-container)
The last lines of its log:
  {"level":"fatal","msg":"CREDIT_CHECK_VARIANT is missing"}
  exit`,
    );
    expect(cluster.writes.filter((write) => write.includes("virtualservices"))).toEqual([]);
  });

  test("of invalid manifests applies nothing", async () => {
    const cluster = running();
    const { documents } = parseDocuments("x.yaml", "hello: world");
    await expect(deployTo(cluster, { documents })).rejects.toThrow("x.yaml:1");
    expect(cluster.writes).toEqual([]);
  });

  test("because the user called it off applies nothing more", async () => {
    const cluster = running();
    const controller = new AbortController();
    const events = { onChange: () => controller.abort(), onView() {} };
    await expect(deployTo(cluster, { signal: controller.signal, events })).rejects.toThrow("abort");
    expect(cluster.writes).toHaveLength(1);
  });
});

function refusal(code: number, reason: string, message: string, more: object = {}): Response {
  return Response.json({ kind: "Status", code, reason, message, ...more }, { status: code });
}
