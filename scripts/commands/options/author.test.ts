import { describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { kubeOf } from "../../cluster/kube/testing/kubeconfig.ts";
import { FakeApiServer } from "../../cluster/kube/testing/fake-api-server.ts";
import { authorOf, describeUser, localUser } from "./author.ts";

const REVIEWS = "POST /apis/authentication.k8s.io/v1/selfsubjectreviews";
const name = Bun.spawnSync(["id", "-un"]).stdout.toString().trim();

describe("the user of this machine", () => {
  test("is named by id, regardless of the environment", () => {
    const user = localUser({ USER: "cio", LOGNAME: "cio" });
    expect(user).toEqual({ name, host: hostname(), label: "cio" });
    expect(describeUser(user)).toBe(`${name}@${hostname()}, $USER cio`);
  });

  test("has no label if the environment agrees, or has no name", () => {
    for (const env of [{ USER: name }, { LOGNAME: name }, {}])
      expect(describeUser(localUser(env))).toBe(`${name}@${hostname()}`);
  });

  test("is named by number if the system has no name for it", () => {
    expect(localUser({}, 4_000_000_123).name).toBe("uid 4000000123");
  });

  test("is not determined by a program on the user's PATH", async () => {
    const script = `import { localUser } from ${JSON.stringify(`${import.meta.dir}/author.ts`)}; console.log(localUser().name)`;
    const child = Bun.spawn([process.execPath, "-e", script], {
      env: { PATH: "/nonexistent", USER: "cio" },
      stderr: "ignore",
    });
    expect((await child.stdout.text()).trim()).toBe(name);
  });
});

describe("a change of a cluster is by", () => {
  test("the user that the API server has authenticated", async () => {
    using server = await FakeApiServer.start();
    server.on(REVIEWS, (answer, { body }) => {
      expect(JSON.parse(body)).toEqual({
        apiVersion: "authentication.k8s.io/v1",
        kind: "SelfSubjectReview",
      });
      answer.json(
        { status: { userInfo: { username: "oidc:alice", groups: ["system:authenticated"] } } },
        201,
      );
    });
    expect(await authorOf(kubeOf(server))).toBe(`oidc:alice (${describeUser(localUser())})`);
  });

  test("the user of this machine if the API server does not tell", async () => {
    using server = await FakeApiServer.start();
    expect(await authorOf(kubeOf(server))).toBe(describeUser(localUser()));
    server.on(REVIEWS, (answer) => answer.refuse(403, "Forbidden", "no"));
    expect(await authorOf(kubeOf(server))).toBe(describeUser(localUser()));
  });
});
