import { describe, expect, test } from "bun:test";
import { type Choice, NoCluster, readKubeconfig } from "./kubeconfig.ts";
import { Folder } from "../kube/testing/temporary-folder.ts";

const ONE = `
apiVersion: v1
kind: Config
current-context: one
contexts:
  - {name: one, context: {cluster: one, user: me, namespace: kyc}}
  - {name: shared, context: {cluster: one, user: me}}
clusters:
  - {name: one, cluster: {server: "https://one.test:6443", certificate-authority: pki/ca.crt}}
users:
  - name: me
    user:
      client-certificate: pki/me.crt
      client-key: /etc/me.key
      exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/login}
`;
const TWO = `
current-context: two
contexts:
  - {name: two, context: {cluster: two, user: token}}
  - {name: mixed, context: {cluster: one, user: token}}
  - {name: shared, context: {cluster: two, user: token}}
clusters:
  - {name: two, cluster: {server: "https://two.test"}}
  - {name: one, cluster: {server: "https://not-this.test"}}
users:
  - {name: token, user: {tokenFile: token}}
`;

describe("the kubeconfig", () => {
  test("gives its current context, with the cluster and user that it names", () => {
    expect(readKubeconfig({ kubeconfig: TWO })).toMatchObject({
      context: "two",
      namespace: undefined,
      cluster: { server: "https://two.test" },
    });
  });

  test("returns another context on request", () => {
    const { context, namespace } = readKubeconfig({
      kubeconfig: `${ONE}current-context: shared`,
      context: "one",
    });
    expect({ context, namespace }).toEqual({ context: "one", namespace: "kyc" });
  });

  test("names files from the folder that it is in", async () => {
    await using folder = await Folder.create();
    await folder.write("a/config", ONE);
    const { cluster, user } = readIn(folder, "a/config");
    expect(cluster["certificate-authority"]).toBe(folder.at("a/pki/ca.crt"));
    expect(user).toMatchObject({
      "client-certificate": folder.at("a/pki/me.crt"),
      "client-key": "/etc/me.key",
      exec: { command: folder.at("a/bin/login") },
    });
  });

  test("leaves a credential plugin without a slash to PATH", () => {
    const { user } = readKubeconfig({ kubeconfig: ONE.replace("bin/login", "login") });
    expect(user.exec?.command).toBe("login");
  });

  test("in ~/.kube is read if KUBECONFIG is not set", async () => {
    await using folder = await Folder.create();
    await folder.write(".kube/config", ONE);
    for (const KUBECONFIG of [undefined, "", ":"])
      expect(readKubeconfig({ env: { HOME: folder.path, KUBECONFIG } }).context).toBe("one");
  });
});

describe("of several files", () => {
  test("the first value counts, and all files are searched", async () => {
    await using folder = await Folder.create();
    await folder.write("a/one", ONE);
    await folder.write("b/two", TWO);
    expect(readIn(folder, "a/one", "b/two").context).toBe("one");
    expect(readIn(folder, "b/two", "a/one").context).toBe("two");
    expect(choose(folder, "shared", "a/one", "b/two").cluster.server).toBe("https://one.test:6443");
    expect(choose(folder, "shared", "b/two", "a/one").cluster.server).toBe("https://two.test");
    const { cluster, user } = choose(folder, "mixed", "a/one", "b/two");
    expect(cluster.server).toBe("https://one.test:6443");
    expect(user.tokenFile).toBe(folder.at("b/token"));
  });

  test("those that are missing or empty are ignored", async () => {
    await using folder = await Folder.create();
    await folder.write("empty", "");
    await folder.write("nothing", "---\napiVersion: v1\nkind: Config\ncontexts: null\nclusters: []\n");
    await folder.write("two", TWO);
    expect(readIn(folder, "missing", "empty", "nothing", "two").context).toBe("two");
  });

  test("one with an entry that is broken does not spoil the others", async () => {
    await using folder = await Folder.create();
    await folder.write("broken", "clusters: [{name: x}, {cluster: {}}]\nusers: [{name: 7}]");
    await folder.write("two", TWO);
    expect(readIn(folder, "broken", "two").context).toBe("two");
  });
});

describe("what cannot be used is reported:", () => {
  test("no kubeconfig, with the searched paths and a remedy", async () => {
    await using folder = await Folder.create();
    const read = (): Choice => readKubeconfig({ env: { HOME: folder.path } });
    expect(read).toThrow(NoCluster);
    expect(read).toThrow(
      `No cluster is configured: there is no context in ${folder.at(".kube/config")}. ` +
        "Run ./kyc up to create a cluster, or set KUBECONFIG to your kubeconfig.",
    );
  });

  test.each<[string, string, string | undefined, string]>([
    [
      "an unknown context, with the nearest",
      ONE,
      "shraed",
      "There is no context shraed in the kubeconfig; did you mean shared?",
    ],
    ["an unknown context, with all if none is similar", ONE, "production", "known are one, shared"],
    [
      "no current context, with all",
      ONE.replace("current-context: one", ""),
      undefined,
      "Name one by --context: one, shared",
    ],
    [
      "a cluster that is missing",
      ONE.replace("cluster: one,", "cluster: won,"),
      undefined,
      "The context one names the cluster won, which the kubeconfig does not have.",
    ],
    [
      "a user that is missing",
      ONE.replace("user: me,", "user: you,"),
      undefined,
      "The context one names the user you, which the kubeconfig does not have.",
    ],
    [
      "a cluster without a server",
      ONE.replace("server:", "service:"),
      undefined,
      "The cluster one in the kubeconfig is incomplete",
    ],
    [
      "a context without a cluster",
      ONE.replace("cluster: one,", ""),
      undefined,
      "The context one in the kubeconfig is incomplete",
    ],
    [
      "a plugin without a command",
      ONE.replace("command:", "commando:"),
      undefined,
      "The user me in the kubeconfig is incomplete",
    ],
    ["invalid YAML", "contexts: [", undefined, "the given kubeconfig is not a kubeconfig: "],
    ["a document that is not a kubeconfig", "hello", undefined, "the given kubeconfig is not a kubeconfig."],
  ])("%s", (_, kubeconfig, context, message) => {
    const read = (): Choice => readKubeconfig({ kubeconfig, context });
    expect(read).toThrow(NoCluster);
    expect(read).toThrow(message);
  });

  test("a file that cannot be read", async () => {
    await using folder = await Folder.create();
    await folder.write("folder/file", "");
    expect(() => readIn(folder, "folder")).toThrow(`The kubeconfig ${folder.at("folder")} cannot be read: `);
  });
});

test("an empty user name, and a user without content, have no credentials", () => {
  const nameless = TWO.replace("cluster: two, user: token", "cluster: two");
  expect(readKubeconfig({ kubeconfig: nameless }).user).toEqual({});
  const empty = TWO.replace("user: {tokenFile: token}", "user: null");
  expect(readKubeconfig({ kubeconfig: empty }).user).toEqual({});
});

describe("in a pod", () => {
  test("the service account is used, unless there is a kubeconfig", async () => {
    await using folder = await Folder.create();
    for (const [name, text] of [
      ["token", "t"],
      ["ca.crt", "c"],
      ["namespace", "kyc\n"],
    ] as const)
      await folder.write(`account/${name}`, text);
    const options = {
      env: { HOME: folder.path, KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443" },
      serviceAccount: folder.at("account"),
    };
    expect(readKubeconfig(options)).toEqual({
      context: "the pod's service account",
      namespace: "kyc",
      cluster: { server: "https://[fd00::1]:6443", "certificate-authority": folder.at("account/ca.crt") },
      user: { tokenFile: folder.at("account/token") },
    });
    await folder.write(".kube/config", ONE);
    expect(readKubeconfig(options).context).toBe("one");
  });

  test("without a service account there is no cluster", async () => {
    await using folder = await Folder.create();
    const env = { HOME: folder.path, KUBERNETES_SERVICE_HOST: "10.0.0.1" };
    expect(() => readKubeconfig({ env, serviceAccount: folder.at("account") })).toThrow(NoCluster);
  });
});

function readIn(folder: Folder, ...files: string[]): Choice {
  return choose(folder, undefined, ...files);
}

function choose(folder: Folder, context: string | undefined, ...files: string[]): Choice {
  return readKubeconfig({ context, env: { KUBECONFIG: files.map((file) => folder.at(file)).join(":") } });
}
