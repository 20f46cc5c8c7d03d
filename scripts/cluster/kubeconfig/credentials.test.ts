import { describe, expect, test } from "bun:test";
import { Unreachable } from "../kube/connection.ts";
import { NoCluster } from "./kubeconfig.ts";
import { Authority } from "../kube/testing/certificates.ts";
import { ConnectProxy } from "../kube/testing/connect-proxy.ts";
import { FakeApiServer, type FakeApiServerOptions } from "../kube/testing/fake-api-server.ts";
import { Folder } from "../kube/testing/temporary-folder.ts";
import { base64, connectTo, type KubeconfigChanges } from "../kube/testing/kubeconfig.ts";
import { rejection } from "../kube/testing/rejection.ts";

describe("a client certificate", () => {
  test("is presented from data", async () => {
    using server = await start({ clientsOnly: true });
    await ask(server, { user: certificate(server.authority, "alice") });
    expect(server.requests).toMatchObject([{ client: "alice" }]);
  });

  test("is presented from files, and again when they change", async () => {
    using server = await start({ clientsOnly: true });
    await using folder = await Folder.create();
    const user = { "client-certificate": folder.at("client.crt"), "client-key": folder.at("client.key") };
    const connection = connectTo(server, { user });
    for (const name of ["alice", "bob"]) {
      const { cert, key } = server.authority.client(name);
      await folder.write("client.crt", cert);
      await folder.write("client.key", key);
      await connection.send("/version");
    }
    expect(server.requests).toMatchObject([{ client: "alice" }, { client: "bob" }]);
  });

  test("is presented through a proxy", async () => {
    using server = await start({ clientsOnly: true });
    using proxy = await ConnectProxy.start();
    const cluster = { "proxy-url": `http://127.0.0.1:${proxy.port}` };
    await ask(server, { cluster, user: certificate(server.authority, "alice") });
    expect(server.requests).toMatchObject([{ client: "alice" }]);
  });

  test("of one user is never presented for another, nor its connection used", async () => {
    using server = await start();
    const { authority } = server;
    const users = ["alice", "bob", undefined, "alice"];
    for (const name of users)
      await ask(server, { user: name === undefined ? {} : certificate(authority, name) });
    expect(server.requests.map(({ client }) => client)).toEqual(users);
  });

  test("of an authority that the server does not know does not let anyone in", async () => {
    using server = await start({ clientsOnly: true });
    const user = certificate(new Authority("other"), "mallory");
    expect(await rejection(ask(server, { user }))).toBeInstanceOf(Unreachable);
    expect(server.requests).toBeEmpty();
  });

  test.each<[string, (user: Record<string, string>) => Record<string, string>, string]>([
    [
      "with the key of another",
      (user) => ({ ...user, "client-key-data": base64(new Authority("x").client("bob").key) }),
      "its client key does not belong to its client certificate",
    ],
    [
      "with an invalid key",
      (user) => ({ ...user, "client-key-data": base64("nonsense") }),
      "its client key is not a private key",
    ],
    [
      "that is none",
      (user) => ({ ...user, "client-certificate-data": base64("nonsense") }),
      "its client certificate is not a certificate",
    ],
  ])("%s is reported", async (_, change, why) => {
    using server = await start();
    const error = await rejection(ask(server, { user: change(certificate(server.authority, "alice")) }));
    expect(error).toBeInstanceOf(NoCluster);
    expect(error.message).toBe(`The credentials of test are invalid: ${why}.`);
  });
});

test.each([
  ["client-certificate-data", "there is a client certificate but no client key"],
  ["client-key-data", "there is a client key but no client certificate"],
])("only %s is an error, and no anonymous request is sent", async (field, why) => {
  using server = await start();
  const user = { [field]: certificate(server.authority, "alice")[field] };
  const error = await rejection(ask(server, { user }));
  expect(error).toBeInstanceOf(NoCluster);
  expect(error.message).toBe(`The credentials of test cannot be read: ${why}`);
  expect(server.requests).toBeEmpty();
});

test("an invalid certificate authority is reported", async () => {
  using server = await start();
  const error = await rejection(
    ask(server, { cluster: { "certificate-authority-data": base64("nonsense") } }),
  );
  expect(error).toBeInstanceOf(NoCluster);
  expect(error.message).toBe(
    "The credentials of test are invalid: its certificate authority is not a certificate.",
  );
});

test("a certificate authority is read from a file; a missing file is reported by its path", async () => {
  using server = await start();
  await using folder = await Folder.create();
  const cluster = { "certificate-authority-data": undefined, "certificate-authority": folder.at("ca.crt") };
  const connection = connectTo(server, { cluster });
  const error = await rejection(connection.send("/version"));
  expect(error).toBeInstanceOf(NoCluster);
  expect(error.message).toStartWith("The credentials of test cannot be read: ENOENT");
  expect(error.message).toContain(folder.at("ca.crt"));
  await folder.write("ca.crt", server.authority.cert);
  expect((await connection.send("/version")).status).toBe(200);
});

describe("a request carries", () => {
  test("a bearer token", async () => {
    using server = await start();
    await ask(server, { user: { token: "t0ken" } });
    expect(authorizations(server)).toEqual(["Bearer t0ken"]);
  });

  test("the token of a file, without the line end that editors leave, and before one in the kubeconfig", async () => {
    using server = await start();
    await using folder = await Folder.create();
    const tokenFile = await folder.write("token", "from-file\n");
    await ask(server, { user: { token: "old", tokenFile } });
    expect(authorizations(server)).toEqual(["Bearer from-file"]);
  });

  test("a user name and password, in UTF-8", async () => {
    using server = await start();
    await ask(server, { user: { username: "jürgen", password: "pässwörd: 1" } });
    expect(authorizations(server)).toEqual([`Basic ${base64("jürgen:pässwörd: 1")}`]);
  });

  test("a user name without a password", async () => {
    using server = await start();
    await ask(server, { user: { username: "admin" } });
    expect(authorizations(server)).toEqual([`Basic ${base64("admin:")}`]);
  });

  test("the user that it is to be done as", async () => {
    using server = await start();
    await ask(server, { user: { token: "t0ken", as: "auditor" } });
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: "Bearer t0ken",
      "impersonate-user": "auditor",
    });
  });

  test("no credentials of a user without any", async () => {
    using server = await start();
    await ask(server, {});
    expect(authorizations(server)).toEqual([undefined]);
    expect(server.requests).toMatchObject([{ client: undefined }]);
  });
});

test("rights that would be dropped in silence are refused", async () => {
  using server = await start();
  const connecting = (): unknown => connectTo(server, { user: { as: "auditor", "as-groups": ["readers"] } });
  expect(connecting).toThrow("The user of the context test has as-groups: that is not supported.");
});

async function start(options: FakeApiServerOptions = {}): Promise<FakeApiServer> {
  const server = await FakeApiServer.start(options);
  server.on("GET /version", (answer) => answer.json({}));
  return server;
}

function ask(server: FakeApiServer, changes: KubeconfigChanges): Promise<Response> {
  return connectTo(server, changes).send("/version");
}

function certificate(authority: Authority, name: string): Record<string, string> {
  const { cert, key } = authority.client(name);
  return { "client-certificate-data": base64(cert), "client-key-data": base64(key) };
}

function authorizations({ requests }: FakeApiServer): (string | undefined)[] {
  return requests.map(({ headers }) => headers.authorization);
}
