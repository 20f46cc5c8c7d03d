import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { withSample } from "../../test/sample.ts";
import { NoCluster } from "../cluster/kubeconfig/kubeconfig.ts";
import { type ServiceContext, serviceContext } from "../cluster/kube/service-context.ts";
import { announcedMesh } from "../mesh/testing/announced-mesh.ts";
import { CannotWrite } from "../traffic/split/split.ts";
import { findEngine } from "./find-engine.ts";

// Tests must not find the developer's cluster.
const before = process.env["KUBECONFIG"];
beforeEach(() => {
  process.env["KUBECONFIG"] = "/nowhere/kubeconfig";
});
afterEach(() => {
  if (before === undefined) delete process.env["KUBECONFIG"];
  else process.env["KUBECONFIG"] = before;
});

const at = (root: string): ServiceContext => serviceContext({ root, service: "credit-check" });

describe("the engine of a split is found", () => {
  test("by its name, without a reason", async () => {
    await withSample([], async (root) => {
      const { engine, because } = await findEngine(at(root), "local");
      expect({ name: engine.name, because }).toEqual({ name: "local", because: undefined });
      expect(findEngine(at(root), "knative")).rejects.toThrow(NoCluster);
    });
  });

  test("in the local mesh if it runs and no context is named", async () => {
    await withSample([], async (root) => {
      await using _mesh = await announcedMesh(root);
      const found = await findEngine(at(root));
      expect(found.engine.name).toBe("local");
      expect(found.because).toStartWith("./kyc dev is running");
      expect(findEngine(serviceContext({ root, service: "credit-check", context: "a" }))).rejects.toThrow(
        NoCluster,
      );
    });
  });

  test("in the files if no other engine applies, unless they have no such service", async () => {
    await withSample([], async (root) => {
      const found = await findEngine(at(root));
      expect(found.engine.name).toBe("local");
      expect(found.because).toBe("neither ./kyc dev nor a cluster with this service is reachable");
      expect(findEngine(serviceContext({ root, service: "other" }))).rejects.toThrow(CannotWrite);
    });
  });
});
