import { afterEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { formatProblem } from "./problem.ts";
import { openUnchanged } from "./file-documents.ts";
import { readDocuments, readManifests } from "./read.ts";
import { choose, FOLDERS, SPLITS, withSample } from "../../test/sample.ts";

const roots: string[] = [];
afterEach(async () => {
  for (const root of roots.splice(0)) await rm(root, { recursive: true });
});

describe("a folder", () => {
  test("is read with all its YAML and JSON files and folders, numbers in names as numbers", async () => {
    const names = await namesIn({
      "a/10-last.yaml": namespace("ten"),
      "a/2-next.yml": namespace("two"),
      "a/1-first.yaml": namespace("one"),
      "a/3-folder/b.yaml": namespace("three-b"),
      "a/3-folder/a.yaml": namespace("three-a"),
      "a/4.json": JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: "four" } }),
    });
    expect(names).toEqual(["one", "two", "three-a", "three-b", "four", "ten"]);
  });

  test("has an order even if names are equal as numbers", async () => {
    const files = { "a/1-a.yaml": namespace("one"), "a/01-a.yaml": namespace("zero-one") };
    expect(await namesIn(files)).toEqual(["zero-one", "one"]);
  });

  test("may hold other files, and those of editors, which are ignored", async () => {
    const root = await folder({
      "a/README.md": "# not: [yaml",
      "a/a.yaml~": "not: [yaml",
      "a/.a.yaml.swp": "not: [yaml",
      "a/.hidden.yaml": "not: [yaml",
      "a/.git/config.yaml": "not: [yaml",
      "a/a.yaml": namespace("one"),
    });
    // Emacs leaves a dangling link next to a file with unsaved changes.
    await symlink("user@host.1234", join(root, "a/.#a.yaml"));
    const { resources, problems } = await readManifests(root, ["a"]);
    expect(problems).toEqual([]);
    expect(resources.namespaces).toHaveLength(1);
  });

  test("comes after the folders named before it", async () => {
    const root = await folder({ "b/1.yaml": namespace("b"), "a/1.yaml": namespace("a") });
    const { resources } = await readManifests(root, ["b", "a"]);
    expect(resources.namespaces.map(({ value }) => value.metadata.name)).toEqual(["b", "a"]);
  });

  test("may be empty", async () => {
    const root = await folder({});
    await mkdir(join(root, "a"));
    expect(await told(root)).toEqual([]);
  });

  test("that cannot be read is reported by its name, as a file is", async () => {
    const root = await folder({ "b/.keep": "" });
    await symlink("nowhere", join(root, "b/1.yaml"));
    expect(await told(root, ["a", "b"])).toEqual([
      "a:1:1: error: a cannot be read; restore it, for example by git checkout",
      "b/1.yaml:1:1: error: b/1.yaml cannot be read; restore it, for example by git checkout",
    ]);
  });

  test("reports paths that are not files, and does not wait for a pipe", async () => {
    const root = await folder({ "a/1.yaml": namespace("one") });
    await Bun.$`mkfifo ${join(root, "a/2.yaml")}`.quiet();
    expect(await told(root)).toEqual([
      "a/2.yaml:1:1: error: a/2.yaml is not a file; remove it from the folder",
    ]);
  });

  test("names problems by file, from the root, in the order of the files", async () => {
    const root = await folder({
      "a/10.yaml": "a: 'x",
      "a/2.yaml": "kind: StatefulSet",
      "a/3.yaml": `${namespace("one")}---\nb:\n\t- x\n`,
    });
    expect((await told(root)).map((line) => line.replace(/ error: .*/, ""))).toEqual([
      "a/3.yaml:7:1:",
      "a/10.yaml:1:6:",
      "a/2.yaml:1:7:",
    ]);
  });
});

describe("a kustomization that changes its objects", () => {
  const FILES = {
    "a/kustomization.yaml": "resources: [plain, changed]\n",
    "a/plain/kustomization.yaml": "resources: [x.yaml]\n",
    "a/plain/x.yaml": namespace("x"),
    "a/changed/kustomization.yaml": "resources: [y.yaml]\nnamePrefix: new-\n",
    "a/changed/y.yaml": namespace("yy"),
  };

  test("is built before it is read; others are read as they are", async () => {
    const root = await folder(FILES);
    const built: string[] = [];
    const { documents, problems } = await readDocuments(root, ["a"], {
      build: async (path) => {
        built.push(path);
        return { command: "kubectl kustomize a/changed", text: namespace("new-yy") };
      },
    });
    expect(problems).toEqual([]);
    expect(built).toEqual([join(root, "a/changed")]);
    expect(documents.map(({ file, value }) => [file, value])).toMatchObject([
      ["a/plain/x.yaml", { metadata: { name: "x" } }],
      ["output of kubectl kustomize a/changed", { metadata: { name: "new-yy" } }],
    ]);
  });

  test("is an error if it cannot be built, with the command to run", async () => {
    const root = await folder(FILES);
    const { documents, problems } = await readDocuments(root, ["a"], {
      build: async () => ({ failed: "no kubectl" }),
    });
    expect(documents).toHaveLength(1);
    expect(problems.map(formatProblem)).toEqual([
      "a/changed/kustomization.yaml:2:1: error: namePrefix changes the objects, and is not built here: no kubectl; run kubectl kustomize a/changed and give its output, for example: kubectl kustomize a/changed | ./kyc lint -",
    ]);
  });
});

test("a file is parsed again only if its text has changed or it was removed", async () => {
  const root = await folder({ "a.yaml": namespace("one") });
  const path = join(root, "a.yaml");
  const open = openUnchanged();
  const first = await open(path, "a.yaml");
  expect(await open(path, "a.yaml")).toBe(first);
  expect((await open(path, "elsewhere/a.yaml"))?.documents[0]?.file).toBe("elsewhere/a.yaml");
  await writeFile(path, namespace("two"));
  expect((await open(path, "a.yaml"))?.documents[0]?.value).toMatchObject({ metadata: { name: "two" } });
  await rm(path);
  expect(await open(path, "a.yaml")).toBeUndefined();
});

describe("a kustomization", () => {
  test("reads the files and folders that it lists, in their order, and nothing else", async () => {
    const names = await namesIn({
      "a/kustomization.yaml": "resources: [z.yaml, more, ../b]\n",
      "a/z.yaml": namespace("z"),
      "a/not-listed.yaml": "not: [yaml",
      "a/more/kustomization.yml": "resources:\n  - y.yaml\n  - x.yaml\n",
      "a/more/x.yaml": namespace("x"),
      "a/more/y.yaml": namespace("yy"),
      "b/Kustomization": "kind: Kustomization\nresources: [w.yaml]\n",
      "b/w.yaml": namespace("w"),
    });
    expect(names).toEqual(["z", "yy", "x", "w"]);
  });

  test("in a folder below a plain one counts too", async () => {
    const names = await namesIn({
      "a/1.yaml": namespace("one"),
      "a/sub/kustomization.yaml": "resources: [x.yaml]\n",
      "a/sub/x.yaml": namespace("x"),
      "a/sub/y.yaml": namespace("yy"),
    });
    expect(names).toEqual(["one", "x"]);
  });

  test.each<[string, Record<string, string>, string]>([
    [
      "a file that is not there",
      { "a/kustomization.yaml": "resources:\n  - b.yaml\n  - gone.yaml\n", "a/b.yaml": "" },
      "a/kustomization.yaml:3:5: error: a/gone.yaml cannot be read; correct the name, or remove it from the list",
    ],
    [
      "a folder without one of its own",
      { "a/kustomization.yaml": "resources: [sub]\n", "a/sub/x.yaml": namespace("x") },
      "a/kustomization.yaml:1:13: error: the folder a/sub has no kustomization.yaml; add one to it, or list its files here",
    ],
    [
      "itself",
      { "a/kustomization.yaml": "resources: [.]\n" },
      "a/kustomization.yaml:1:13: error: a lists itself, directly or by another; remove it from the list",
    ],
    [
      "what lists it",
      { "a/kustomization.yaml": "resources: [b]\n", "a/b/kustomization.yaml": "resources: [..]\n" },
      "a/b/kustomization.yaml:1:13: error: a lists itself, directly or by another; remove it from the list",
    ],
    [
      "what it may not",
      { "a/kustomization.yaml": "resources: [b.yaml]\npatches: []\n", "a/b.yaml": namespace("b") },
      "a/kustomization.yaml:2:1: error: patches: this field is not supported here; the local mesh follows resources only: write the objects as they shall be",
    ],
    [
      "nothing",
      { "a/kustomization.yaml": "# none\n" },
      "a/kustomization.yaml:1:1: error: this kustomization is empty; add resources, a list",
    ],
    [
      "something twice over",
      {
        "a/kustomization.yaml": "resources: [b.yaml]\n---\nresources: [c.yaml]\n",
        "a/b.yaml": namespace("b"),
      },
      "a/kustomization.yaml:3:1: error: a kustomization is one document; leave one of them out",
    ],
    [
      "no YAML",
      { "a/kustomization.yaml": "resources: [\n" },
      "a/kustomization.yaml:2:1: error: not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
  ])("that lists %s is reported", async (_, files, expected) => {
    expect(await told(await folder(files))).toEqual([expected]);
  });

  test("may list one folder by two ways that make no cycle", async () => {
    const root = await folder({
      "a/kustomization.yaml": "resources: [b, c]\n",
      "a/b/kustomization.yaml": "resources: [../d]\n",
      "a/c/kustomization.yaml": "resources: [../d]\n",
      "a/d/kustomization.yaml": "resources: [x.yaml]\n",
      "a/d/x.yaml": namespace("x"),
    });
    expect(await told(root)).toEqual([]);
  });
});

describe("the sample", () => {
  test.each(SPLITS)("is read without a problem with split/%s", async (split) => {
    const { resources, problems } = await withSample([choose(split)], (root) => readManifests(root, FOLDERS));
    expect(problems).toEqual([]);
    expect(resources.knativeServices.map(({ document }) => document.file)).toEqual([
      "knative/credit-check/1-basic.yaml",
      "knative/credit-check/2-advanced.yaml",
      "knative/kyc-aggregator.yaml",
    ]);
    expect(resources.virtualServices.map(({ document }) => document.file)).toEqual([
      "istio/routes.yaml",
      `istio/split/${split}/virtual-service.yaml`,
    ]);
    expect(resources.gateways.map(({ value }) => value.metadata.name)).toEqual(["kyc"]);
    expect(resources.externalNames.map(({ value }) => value.metadata.name)).toEqual(["kyc-credit-check"]);
    expect(resources.namespaces.map(({ value }) => value.metadata.name)).toEqual(["kyc"]);
  });

  test("with two splits at once are reported, because a cluster would keep one", async () => {
    const problems = await withSample([choose("by-knative", "by-istio")], (root) => told(root, FOLDERS));
    expect(problems).toEqual([
      "istio/split/by-istio/virtual-service.yaml:6:9: error: metadata.name: VirtualService kyc/kyc-credit-check is described in istio/split/by-knative/virtual-service.yaml already; keep one of the two",
    ]);
  });
});

async function folder(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "manifests-"));
  roots.push(root);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await Bun.write(join(root, name), text);
  }
  return root;
}

async function told(root: string, folders = ["a"]): Promise<string[]> {
  return (await readManifests(root, folders)).problems.map(formatProblem);
}

async function namesIn(files: Record<string, string>): Promise<string[]> {
  const { resources, problems } = await readManifests(await folder(files), ["a"]);
  expect(problems).toEqual([]);
  return resources.namespaces.map(({ value }) => value.metadata.name);
}

function namespace(name: string): string {
  return `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n`;
}
