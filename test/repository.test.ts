import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { PLATFORM } from "../scripts/cluster/platform/versions.ts";
import { PROJECT } from "../scripts/project.ts";

const read = (path: string): Promise<string> => readFile(join(PROJECT, path), "utf8");

/** Which folders may import which: dependencies point one way. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  functions: ["functions"],
  "scripts/manifests": ["scripts/manifests", "scripts/nearest.ts"],
  "scripts/traffic": ["scripts/traffic", "scripts/manifests", "scripts/nearest.ts"],
  "scripts/lint": ["scripts/lint", "scripts/traffic", "scripts/manifests", "scripts/nearest.ts"],
  "scripts/mesh": ["scripts/mesh", "scripts/traffic", "scripts/manifests", "scripts/nearest.ts"],
  "scripts/load": ["scripts/load", "scripts/traffic"],
  "scripts/bench/http": ["scripts/bench/http", "scripts/load"],
  "scripts/cluster": [
    "scripts/cluster",
    "scripts/load",
    "scripts/traffic",
    "scripts/manifests",
    "scripts/nearest.ts",
  ],
  "scripts/bench/judge": ["scripts/bench/judge", "scripts/rollout/judge"],
  "scripts/rollout": [
    "scripts/rollout",
    "scripts/cluster",
    "scripts/mesh",
    "scripts/traffic",
    "scripts/manifests",
    "scripts/nearest.ts",
  ],
  "scripts/rollout/judge": ["scripts/rollout/judge", "scripts/traffic/random.ts", "scripts/nearest.ts"],
  "scripts/engines": [
    "scripts/engines",
    "scripts/sources",
    "scripts/mesh",
    "scripts/cluster",
    "scripts/traffic",
    "scripts/manifests",
    "scripts/nearest.ts",
  ],
  "scripts/sources": [
    "scripts/sources",
    "scripts/mesh",
    "scripts/cluster",
    "scripts/traffic",
    "scripts/nearest.ts",
  ],
  "scripts/e2e": [
    "scripts/e2e",
    "scripts/engines",
    "scripts/cluster",
    "scripts/load",
    "scripts/traffic",
    "scripts/manifests",
  ],
  "scripts/terminal": [
    "scripts/terminal",
    "scripts/engines",
    "scripts/rollout",
    "scripts/cluster",
    "scripts/load",
    "scripts/mesh",
    "scripts/traffic",
    "scripts/manifests",
  ],
};

describe("the repository", () => {
  test("has no type error", async () => {
    const { code, output } = await bun("check", "--no-script", "--no-pretty");
    expect(output.replace(/^✓.*\n?/, "")).toBe("");
    expect(code).toBe(0);
  }, 60_000);

  test("is formatted", async () => {
    const { code, output } = await bun("fmt", "--no-script", "--check");
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
  }, 60_000);

  test("names one version of Bun", async () => {
    const version = (await read(".bun-version")).trim();
    const manifest = (await Bun.file(join(PROJECT, "package.json")).json()) as {
      engines: { bun: string };
      packageManager: string;
      devDependencies: Record<string, string>;
    };
    expect(manifest.engines.bun).toBe(version);
    expect(manifest.packageManager).toBe(`bun@${version}`);
    expect(manifest.devDependencies["bun-types"]).toBe(version);
  });

  test("has one version of Istio, also in the workflow that gets istioctl by itself", async () => {
    expect(await read(".github/workflows/e2e.yml")).toContain(`ISTIO_VERSION: ${PLATFORM.istio.install}\n`);
  });

  test("pins every action of its workflows to a commit, and lets none of them write", async () => {
    for (const file of ["ci", "e2e"]) {
      const text = await read(`.github/workflows/${file}.yml`);
      for (const [, action] of text.matchAll(/uses: (.*)/g)) expect(action).toMatch(/@[0-9a-f]{40} # v/);
      expect(Bun.YAML.parse(text)).toMatchObject({ permissions: { contents: "read" } });
    }
  });

  test("imports point one way", async () => {
    const wrong: string[] = [];
    for (const [folder, allowed] of Object.entries(MAY_IMPORT)) {
      for await (const file of new Bun.Glob(`${folder}/**/*.ts`).scan(PROJECT)) {
        if (file.endsWith(".test.ts")) continue;
        for (const imported of await importsOf(file)) {
          if (!allowed.some((path) => imported === path || imported.startsWith(`${path}/`))) {
            wrong.push(`${file} imports ${imported}`);
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** The project's files that a file imports, from the project's folder. */
async function importsOf(file: string): Promise<string[]> {
  const source = await read(file);
  const paths = source.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g);
  return [...paths].map(([, path]) => relative(PROJECT, resolve(PROJECT, dirname(file), path ?? "")));
}

async function bun(...args: string[]): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([process.execPath, ...args], { cwd: PROJECT, stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, output: out + err };
}
