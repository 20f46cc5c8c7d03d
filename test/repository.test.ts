import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Type from "typebox";
import { Parse } from "typebox/value";
import { PLATFORM } from "../scripts/cluster/platform/versions.ts";
import { PROJECT } from "../scripts/project.ts";

const Workflow = Type.Object({
  permissions: Type.Record(Type.String(), Type.String()),
  jobs: Type.Record(
    Type.String(),
    Type.Object({ permissions: Type.Optional(Type.Record(Type.String(), Type.String())) }),
  ),
});

const Timings = Type.Object({ files: Type.Record(Type.String(), Type.Number()) });

const read = (path: string): Promise<string> => readFile(join(PROJECT, path), "utf8");

/** The write permissions of each publishing workflow: images; the programs of a release and their provenance. */
const PUBLISHES: Readonly<Record<string, string[]>> = {
  "images.yml": ["packages"],
  "release.yml": ["contents", "id-token", "attestations"],
};

describe("the repository", () => {
  test("has no type error", async () => {
    const { code, output } = await bun(["check", "--no-script", "--no-pretty"]);
    expect(output.replace(/^✓.*\n?/, "")).toBe("");
    expect(code).toBe(0);
  });

  test("is formatted", async () => {
    const { code, output } = await bun(["fmt", "--no-script", "--check"]);
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
  });

  test("awaits or handles each of its promises", async () => {
    expect(await lintPromises("functions", "scripts", "test")).toEqual({ code: 0, output: "" });
  });

  test("finds an unhandled promise", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kyc-floating-"));
    try {
      await writeFile(join(folder, "tsconfig.json"), "{}");
      await writeFile(
        join(folder, "floating.ts"),
        "const later = async () => 1;\nlater();\n[1].forEach(later);\n",
      );
      const { code, output } = await lintPromises(folder);
      expect(code).toBe(1);
      expect(output).toMatch(/floating\.ts:2:1: .*no-floating-promises/);
      expect(output).toMatch(/floating\.ts:3:\d+: .*no-misused-promises/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

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

  test("has timings only of existing test files", async () => {
    const { files } = Parse(Timings, await Bun.file(join(PROJECT, "test/timings.json")).json());
    expect(Object.keys(files).filter((path) => !existsSync(join(PROJECT, path)))).toEqual([]);
  });

  test("has one version of Istio, including the workflow that downloads istioctl", async () => {
    expect(await read(".github/workflows/e2e.yml")).toContain(`ISTIO_VERSION: ${PLATFORM.istio.install}\n`);
  });

  test("pins every action of its workflows to a commit, and lets a workflow write only what it publishes", async () => {
    for await (const file of new Bun.Glob("*.yml").scan(join(PROJECT, ".github/workflows"))) {
      const text = await read(`.github/workflows/${file}`);
      for (const [, action] of text.matchAll(/uses: (.*)/g)) expect(action).toMatch(/@[0-9a-f]{40} # v/);
      const { permissions, jobs } = Parse(Workflow, Bun.YAML.parse(text));
      expect({ file, permissions }).toEqual({ file, permissions: { contents: "read" } });
      for (const [name, job] of Object.entries(jobs)) {
        const writes = Object.entries(job.permissions ?? {}).filter(([, right]) => right === "write");
        expect({ file, name, writes: writes.map(([what]) => what) }).toEqual({
          file,
          name,
          writes: PUBLISHES[file] ?? [],
        });
      }
    }
  });
});

async function lintPromises(...paths: string[]): Promise<{ code: number; output: string }> {
  const command = ["node_modules/.bin/oxlint", "--config=.oxlintrc.json", "--format=unix"];
  // Turns off garbage collection of the linter, a Go program, which needs 1.2 GB in total.
  const { code, output } = await bun([...command, ...paths], { GOGC: "off", GOMEMLIMIT: "3GiB" });
  return { code, output: code === 0 ? "" : output };
}

async function bun(args: string[], env = {}): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([process.execPath, ...args], {
    cwd: PROJECT,
    env: { ...process.env, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, output: out + err };
}
