import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT } from "../scripts/project.ts";
import { cloneRepository } from "./clone.ts";

// The documented edits of users break no test. All other tests read test/fixtures.

/** The tests that read files that users edit. */
const READERS = [
  "test/own-manifests.test.ts",
  "functions/credit-check",
  "scripts/cluster/deploy/deploy-files.test.ts",
  "scripts/cluster/images/image-tag.test.ts",
  "scripts/commands/cluster/deploy.test.ts",
];

const FIRST_STATE = "knative/credit-check/1-basic.yaml";
const TRAFFIC = "knative/credit-check/2-advanced.yaml";

type Edit = (root: string) => Promise<void>;

const EDITS: Readonly<Record<string, Edit>> = {
  // The edits do not overlap, so one run tests both.
  "the percents 90 and 10, and the split by Istio,": async (root) => {
    await rewrite(join(root, TRAFFIC), (text) =>
      text.replace(/percent: \d+([\s\S]*?)percent: \d+/, "percent: 90$1percent: 10"),
    );
    await rewrite(join(root, "istio/kustomization.yaml"), (text) =>
      text.replace(/- split\/.*/, "- split/by-istio"),
    );
  },
  "the next version, v4": async (root) => {
    const variants = join(root, "functions/credit-check/variants");
    const v3 = await readFile(join(variants, "v3.ts"), "utf8");
    await writeFile(join(variants, "v4.ts"), v3.replaceAll("v3", "v4").replaceAll("V3", "V4"));
    await rewrite(`${variants}.ts`, (text) =>
      text
        .replace(/^import .*\/v3\.ts";\n/m, '$&import { v4 } from "./variants/v4.ts";\n')
        .replace(/^ +v3,.*\n/m, "$&  v4,\n"),
    );
    const last = await readFile(join(root, TRAFFIC), "utf8");
    const [state = "", traffic = ""] = last.split(/^(?= {2}traffic:)/m);
    await writeFile(join(root, TRAFFIC), state);
    const named = state.replaceAll("credit-check-advanced", "credit-check-v4");
    const shares = traffic.replaceAll(/percent: \d+/g, "percent: 45");
    await writeFile(
      join(root, "knative/credit-check/3-v4.yaml"),
      `${named.replace("value: advanced", "value: v4")}${shares.trimEnd()}
    - revisionName: credit-check-v4
      tag: v4
      percent: 10
`,
    );
  },
};

test.each(Object.entries(EDITS))("%s break no test", async (_name, edit) => {
  await using clone = await cloneRepository();
  await edit(clone.root);
  const { code, output } = await bunTest(clone.root);
  expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
});

test("a manifest that violates the contract fails", async () => {
  await using clone = await cloneRepository();
  await rewrite(join(clone.root, FIRST_STATE), (text) =>
    text.replace("name: credit-check-basic", "name: basic"),
  );
  const { code, output } = await bunTest(clone.root, [
    "test/own-manifests.test.ts",
    "-t",
    "with split/by-knative",
  ]);
  expect(code).not.toBe(0);
  expect(output).toContain("(fail) with split/by-knative");
});

test("the tests that read files of users are the expected ones", () => {
  expect(READERS.filter((path) => !existsSync(join(PROJECT, path)))).toEqual([]);
});

async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(path, "utf8");
  const after = change(before);
  expect(after).not.toBe(before);
  await writeFile(path, after);
}

async function bunTest(root: string, args = READERS): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([process.execPath, "test", "--timeout", "60000", ...args], {
    cwd: root,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, output: out + err };
}
