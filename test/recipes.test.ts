import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type * as Lint from "../scripts/lint/lint.ts";
import type * as DeployOrder from "../scripts/manifests/kinds/deploy-order.ts";
import type * as Read from "../scripts/manifests/read.ts";
import { PROJECT } from "../scripts/project.ts";
import { cloneRepository } from "./clone.ts";

// Follows the recipes of CONTRIBUTING.md exactly on a clone. The recipe for a variant is in user-edits.test.ts.

const text = await readFile(join(PROJECT, "CONTRIBUTING.md"), "utf8");
const files = [...text.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(
  ([, path = "", source = ""]) => [path, source] as const,
);

let clone: Awaited<ReturnType<typeof cloneRepository>>;

beforeAll(async () => {
  clone = await cloneRepository();
  for (const [path, source] of files) {
    await mkdir(dirname(join(clone.root, path)), { recursive: true });
    await writeFile(join(clone.root, path), source);
  }
  await registerKind(join(clone.root, "scripts/manifests/kinds/registry.ts"));
  await registerFamily(join(clone.root, "scripts/route-fields/families.ts"));
  for (const registry of ["sources", "engines"])
    await register(join(clone.root, `scripts/${registry}/registry.ts`));
});

afterAll(() => clone[Symbol.asyncDispose]());

describe("a kind, a field, a source and an engine by the recipes", () => {
  test("consist of the files that the recipes name", () => {
    expect(files.map(([path]) => path)).toEqual([
      "scripts/manifests/kinds/example.ts",
      "scripts/route-fields/example/example.ts",
      "scripts/sources/example/example.ts",
      "scripts/engines/example/example.ts",
      "scripts/engines/example/example-engine.ts",
    ]);
  });

  test("have no type error", async () => {
    const { code, out } = await run("check", "--no-script", "--no-pretty");
    expect({ code, out: code === 0 ? "" : out }).toEqual({ code: 0, out: "" });
  });

  test("are formatted", async () => {
    expect(await run("fmt", "--no-script", "--check", ...files.map(([path]) => path))).toMatchObject({
      code: 0,
    });
  });

  test("are read: objects of the kind are checked, deployed with their stage, and removed", async () => {
    const path = join(clone.root, "example/example.yaml");
    await mkdir(dirname(path));
    const found = async (spec: string): Promise<string> => {
      const metadata = "metadata: {name: all, namespace: kyc}";
      await writeFile(path, `apiVersion: example.dev/v1\nkind: Example\n${metadata}\nspec: {${spec}}\n`);
      return await findingsIn("example");
    };
    expect(await found("limit: 5")).toBe("");
    expect(await found("limit: 0")).toMatch(/spec\.limit/);
    expect(await found("limits: 5")).toContain("did you mean limit?");
    await rm(dirname(path), { recursive: true });
    const { kindsInRemovalOrder, deployRank } = (await import(
      join(clone.root, "scripts/manifests/kinds/deploy-order.ts")
    )) as typeof DeployOrder;
    expect(kindsInRemovalOrder()).toContainEqual({ apiVersion: "example.dev/v1", kind: "Example" });
    expect(deployRank("example.dev/v1", "Example")).toBe(deployRank("v1", "Secret"));
  });

  test("are read: the field is accepted, and its schema is checked", async () => {
    const path = join(clone.root, "istio/routes.yaml");
    const routes = await readFile(path, "utf8");
    const found = async (field: string): Promise<string> => {
      await writeFile(path, routes.replace("    - name: aggregator\n", `$&      ${field}\n`));
      return await findingsIn("knative", "istio");
    };
    expect(await found("example: a note")).toBe("");
    expect(await found('example: ""')).toMatch(/spec\.http\[0\]\.example/);
    expect(await found("exampel: a note")).toContain("did you mean example?");
    await writeFile(path, routes);
  });

  test("are in the help, and their options are accepted", async () => {
    const { code, out } = await run("scripts/kyc.ts", "rollout", "--help");
    expect(code).toBe(0);
    expect(out).toMatch(/example +a file split\.json in the folder/);
    expect(out).toMatch(/example +one successful answer of a given revision each second/);
    expect(out).toContain("--example <revision>");
  });

  test("carry and change a split", async () => {
    await writeFile(join(clone.root, "split.json"), '{"check-basic":50,"check-advanced":50}');
    const flags = ["--engine", "example", "--dir", clone.root];
    const changed = await run(
      ...["scripts/kyc.ts", "split", "check", "--traffic", "check-basic=90,check-advanced=10"],
      ...flags,
    );
    expect({ code: changed.code, out: changed.code === 0 ? "" : changed.out }).toEqual({ code: 0, out: "" });
    expect(await Bun.file(join(clone.root, "split.json")).json()).toEqual({
      "check-basic": 90,
      "check-advanced": 10,
    });
  });
});

/** What the clone's `lint` finds in these folders of the clone. */
async function findingsIn(...folders: string[]): Promise<string> {
  const { readDocuments } = (await import(join(clone.root, "scripts/manifests/read.ts"))) as typeof Read;
  const { lint } = (await import(join(clone.root, "scripts/lint/lint.ts"))) as typeof Lint;
  const { documents, problems } = await readDocuments(clone.root, folders);
  expect(documents.length + problems.length).toBeGreaterThan(0);
  return [...problems, ...lint(documents, [])].map((problem) => JSON.stringify(problem)).join("\n");
}

/** Adds the entry of the recipe to the kinds, with its import. */
async function registerKind(path: string): Promise<void> {
  const entry = /`(examples: \{.*?\})`/.exec(text)?.[1] ?? "";
  const before = await readFile(path, "utf8");
  const after = before
    .replace(/^import /m, 'import { Example } from "./example.ts";\nimport ')
    .replace(/^export const KINDS = \{\n/m, `$&  ${entry},\n`);
  expect(after.match(/\bExample\b/g)).toHaveLength(3);
  await writeFile(path, after);
}

/** Adds the family to the list and to the schema of a route, with its import. */
async function registerFamily(path: string): Promise<void> {
  const before = await readFile(path, "utf8");
  const after = before
    .replace(/^import /m, 'import { exampleFamily } from "./example/example.ts";\nimport ')
    .replace(/^export const FAMILIES: .* = \[\n/m, "$&  exampleFamily,\n")
    .replace(/^export const HTTPRoute = strict\(\n {2}\{\n/m, "$&    ...exampleFamily.fields,\n");
  expect(after.match(/\bexampleFamily\b/g)).toHaveLength(3);
  await writeFile(path, after);
}

/** Adds the definition to the list of a registry, with its import. */
async function register(path: string): Promise<void> {
  const before = await readFile(path, "utf8");
  const after = before
    .replace(/^import /m, 'import { example } from "./example/example.ts";\nimport ')
    .replace(/^(export const (?:ENGINES|SOURCES): .* = \[.*)\];$/m, "$1, example];");
  expect(after.match(/\bexample\b/g)?.length).toBeGreaterThan(2);
  await writeFile(path, after);
}

async function run(...args: string[]): Promise<{ code: number; out: string }> {
  const child = Bun.spawn([process.execPath, ...args], {
    cwd: clone.root,
    env: { ...process.env, NO_COLOR: "1" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out: out + err };
}
