import { describe, expect, test } from "bun:test";
import { DeployFailed } from "../../cluster/deploy/deploy.ts";
import { ApiError } from "../../cluster/kube/api-error.ts";
import { Unreachable } from "../../cluster/kube/connection.ts";
import { StillThere } from "../../cluster/kube/delete-and-wait.ts";
import { NoCluster } from "../../cluster/kubeconfig/kubeconfig.ts";
import { NoIngress } from "../../cluster/ingress.ts";
import { Interrupted, UserError } from "../../cluster/user-error.ts";
import { Failure } from "../../exit.ts";
import { onCluster } from "./on-cluster.ts";

const thrown = (error: unknown): Promise<unknown> =>
  onCluster(() => Promise.reject(error), "Run it again.").catch((reason: unknown) => reason);

describe("work on a cluster", () => {
  test("returns the result", async () => {
    expect(await onCluster(async () => 1)).toBe(1);
  });

  test.each([
    new ApiError("cannot list Pod in kyc", 403, { kind: "Status", message: "pods is forbidden" }),
    new NoCluster("No cluster is configured."),
    new Unreachable("The API server of x does not answer."),
    new UserError("It cannot be done."),
    new NoIngress("The ingress gateway is not reachable from here."),
    new StillThere("Namespace kyc is not gone after 1 s."),
    new DeployFailed("credit-check-basic: Crashed", ["last words"]),
  ])("that fails as can be expected ends in its sentence, and 1", async (error) => {
    const failure = await thrown(error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ message: error.message, exitCode: 1 });
  });

  test.each([new Interrupted("interrupted"), new DOMException("It was aborted.", "AbortError")])(
    "that the user has ended says how to go on, and ends in 130",
    async (error) => {
      expect(await thrown(error)).toMatchObject({ message: "Interrupted. Run it again.", exitCode: 130 });
    },
  );

  test("that fails unexpectedly keeps its error and its stack", async () => {
    const error = new TypeError("x is not a function");
    expect(await thrown(error)).toBe(error);
  });
});
