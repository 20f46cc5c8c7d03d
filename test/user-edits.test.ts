import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT } from "../scripts/project.ts";
import { cloneRepository } from "./clone.ts";

// The documented edits of users break no test. All other tests read test/fixtures.

/** The tests that read the manifests that users edit. */
const MANIFEST_READERS = ["test/own-manifests.test.ts", "scripts/commands/cluster/deploy.test.ts"];

/** The tests that read the manifests or the variants of the credit check, which a new version adds to. */
const READERS = [
  ...MANIFEST_READERS,
  "functions/credit-check",
  "scripts/cluster/deploy/deploy-files.test.ts",
  "scripts/cluster/images/image-tag.test.ts",
];

const FIRST_STATE = "knative/credit-check/1-basic.yaml";
const TRAFFIC = "knative/credit-check/2-advanced.yaml";

let clone: Awaited<ReturnType<typeof cloneRepository>>;

beforeAll(async () => {
  clone = await cloneRepository();
});

afterAll(() => clone[Symbol.asyncDispose]());

// The edits do not overlap, so one run tests both.
test("the percents 90 and 10, and the split by Istio, leave the tests green", async () => {
  await using edits = new Edits(clone.root);
  await edits.rewrite(TRAFFIC, (text) =>
    text.replace(/percent: \d+([\s\S]*?)percent: \d+/, "percent: 90$1percent: 10"),
  );
  await edits.rewrite("istio/kustomization.yaml", (text) => text.replace(/- split\/.*/, "- split/by-istio"));
  expect(await failuresOf(MANIFEST_READERS)).toBe("");
});

test("the next version, v4, leaves the tests green", async () => {
  await using edits = new Edits(clone.root);
  const variants = "functions/credit-check/variants";
  const v3 = await readFile(join(clone.root, variants, "v3.ts"), "utf8");
  await edits.write(`${variants}/v4.ts`, v3.replaceAll("v3", "v4").replaceAll("V3", "V4"));
  await edits.rewrite(`${variants}.ts`, (text) =>
    text
      .replace(/^import .*\/v3\.ts";\n/m, '$&import { v4 } from "./variants/v4.ts";\n')
      .replace(/^ +v3,.*\n/m, "$&  v4,\n"),
  );
  const last = await readFile(join(clone.root, TRAFFIC), "utf8");
  const [state = "", traffic = ""] = last.split(/^(?= {2}traffic:)/m);
  await edits.rewrite(TRAFFIC, () => state);
  const named = state.replaceAll("credit-check-advanced", "credit-check-v4");
  const shares = traffic.replaceAll(/percent: \d+/g, "percent: 45");
  await edits.write(
    "knative/credit-check/3-v4.yaml",
    `${named.replace("value: advanced", "value: v4")}${shares.trimEnd()}
    - revisionName: credit-check-v4
      tag: v4
      percent: 10
`,
  );
  expect(await failuresOf(READERS)).toBe("");
});

test("a manifest that breaks the contract does not pass", async () => {
  await using edits = new Edits(clone.root);
  await edits.rewrite(FIRST_STATE, (text) => text.replace("name: credit-check-basic", "name: basic"));
  const failures = await failuresOf(["test/own-manifests.test.ts", "-t", "with split/by-knative"]);
  expect(failures).toContain("(fail) with split/by-knative");
});

test("the files that read what a user edits are where they are expected", () => {
  expect(READERS.filter((path) => !existsSync(join(PROJECT, path)))).toEqual([]);
});

/** Edits of the clone's files, which are undone at the end of the test. */
class Edits implements AsyncDisposable {
  readonly #root: string;
  readonly #undo: (() => Promise<void>)[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  async rewrite(file: string, change: (text: string) => string): Promise<void> {
    const path = join(this.#root, file);
    const before = await readFile(path, "utf8");
    const after = change(before);
    expect(after).not.toBe(before);
    await writeFile(path, after);
    this.#undo.push(() => writeFile(path, before));
  }

  /** Writes a new file. */
  async write(file: string, text: string): Promise<void> {
    const path = join(this.#root, file);
    await writeFile(path, text, { flag: "wx" });
    this.#undo.push(() => rm(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const undo of this.#undo.toReversed()) await undo();
  }
}

/** What these tests of the clone print when one fails; nothing when all pass. */
async function failuresOf(args: readonly string[]): Promise<string> {
  // The program of KYC_PROGRAM is made of other sources.
  const { KYC_PROGRAM: _, ...env } = process.env;
  const child = Bun.spawn([process.execPath, "test", "--timeout", "60000", ...args], {
    cwd: clone.root,
    env,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return code === 0 ? "" : `exit code ${code}\n${out}${err}`;
}
