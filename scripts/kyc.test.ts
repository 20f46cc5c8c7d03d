import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { FakeApiServer } from "./cluster/kube/testing/fake-api-server.ts";
import { kubeconfigFor } from "./cluster/kube/testing/kubeconfig.ts";
import { Folder } from "./cluster/kube/testing/temporary-folder.ts";
import { PROGRAM } from "./commands/testing/kyc-process.ts";
import { PROJECT } from "./project.ts";

/** Prints the modules that a process has loaded when it ends, after what the command itself writes. */
const PRELOAD = `process.on("exit", () => console.error("\\n" + JSON.stringify(Object.keys(require.cache))));`;

interface Loaded {
  /** Names of npm packages. */
  packages: Set<string>;
  /** Paths of this project's modules, from the project's folder. */
  own: string[];
  /** All paths. */
  all: string[];
}

let folder: Folder;
let server: FakeApiServer;

beforeAll(async () => {
  folder = await Folder.create();
  server = await FakeApiServer.start();
  await folder.write("preload.ts", PRELOAD);
  await folder.write("config", kubeconfigFor(server, { user: { token: "t" } }));
});

afterAll(async () => {
  server[Symbol.dispose]();
  await folder[Symbol.asyncDispose]();
});

async function loadedBy(...args: string[]): Promise<Loaded> {
  const command = [process.execPath, "--preload", folder.at("preload.ts"), join(PROJECT, "scripts/kyc.ts")];
  const child = Bun.spawn([...command, ...args], {
    cwd: PROJECT,
    env: { ...process.env, KUBECONFIG: folder.at("config") },
    stdout: "ignore",
    stderr: "pipe",
  });
  const all: string[] = JSON.parse((await child.stderr.text()).trimEnd().split("\n").at(-1) ?? "");
  await child.exited;
  const packages = all.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  const own = all.filter((path) => path.startsWith(join(PROJECT, "scripts/")));
  return { packages: new Set(packages), own: own.map((path) => path.slice(PROJECT.length + 1)), all };
}

const isOf = (path: string, folder: string): boolean => path.startsWith(`scripts/${folder}/`);

describe("only what it needs is loaded by", () => {
  test("the help", async () => {
    const { packages, own } = await loadedBy("--help");
    expect([...packages].sort()).toEqual(["commander", "fastest-levenshtein"]);
    for (const heavy of ["traffic/render", "lint", "mesh", "rollout", "terminal", "cluster/kube"])
      expect(own.filter((path) => isOf(path, heavy))).toEqual([]);
  });

  test.each([
    ["lint", ["lint"]],
    ["equal", ["equal", "istio/split/by-istio", "istio/split/by-istio"]],
    ["render", ["render", "virtual-service", "-f", "knative", "--form", "tags"]],
    ["dev --help", ["dev", "--help"]],
  ])("%s, which talks to no cluster: no client of one", async (_, args) => {
    const { packages, own } = await loadedBy(...args);
    expect([...packages]).not.toContain("@kubernetes/client-node");
    expect(own.filter((path) => isOf(path, "cluster/kube"))).toEqual([]);
  });

  test("a command: none of the others", async () => {
    const { own } = await loadedBy("lint", "--help");
    expect(own.filter((path) => isOf(path, "commands")).sort()).toEqual([
      "scripts/commands/dialects/lint.ts",
      "scripts/commands/dialects/read-paths.ts",
      "scripts/commands/options/place-options.ts",
    ]);
  });

  test("status, of the client library: how a token file is read", async () => {
    const { all, own } = await loadedBy("status");
    const client = all.filter((path) => path.includes("@kubernetes/client-node"));
    expect(client.map((path) => path.split("client-node/")[1])).toEqual(["dist/file_auth.js"]);
    expect(own).toContain("scripts/cluster/live/status.ts");
    expect(own.filter((path) => isOf(path, "rollout"))).toEqual([]);
    // Without --context it checks whether a local mesh runs, which needs the schema of the mesh's announcement file.
    expect(own.filter((path) => isOf(path, "mesh")).sort()).toEqual([
      "scripts/mesh/admin/dev-file.ts",
      "scripts/mesh/admin/schema.ts",
      "scripts/mesh/faults/fault.ts",
    ]);
    expect(server.requests.length).toBeGreaterThan(0);
  });

  test("status of a cluster that is named: nothing of the mesh", async () => {
    const { own } = await loadedBy("status", "--context", "test");
    expect(own).toContain("scripts/cluster/live/status.ts");
    expect(own.filter((path) => isOf(path, "mesh"))).toEqual([]);
  });
});

test("a reader that takes the first line of a help causes no error", async () => {
  const child = Bun.spawn(["sh", "-c", '"$@" | head -1', "sh", ...PROGRAM, "rollout", "--help"], {
    cwd: PROJECT,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect([out, err]).toEqual(["Usage: kyc rollout [options] [command] [service]\n", ""]);
});
