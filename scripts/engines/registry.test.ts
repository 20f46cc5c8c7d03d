import { describe, expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";
import { PROJECT } from "../project.ts";
import { SOURCES } from "../sources/registry.ts";
import { SPLIT_OWNERS } from "../traffic/split-owner.ts";
import { CLUSTER_ENGINES, ENGINES } from "./registry.ts";

const isClient = (path: string): boolean => path.startsWith("@kubernetes/client-node");

/** The modules that are loaded with a file: its imports by value, and theirs, without imports on demand. */
async function loadedWith(...files: string[]): Promise<string[]> {
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const loaded = new Set(files.map((file) => join(PROJECT, file)));
  for (const file of loaded) {
    if (!file.endsWith(".ts")) continue;
    for (const { path, kind } of transpiler.scanImports(await Bun.file(file).text())) {
      if (kind === "import-statement") loaded.add(path.startsWith(".") ? join(dirname(file), path) : path);
    }
  }
  return [...loaded].map((file) => (file.startsWith("/") ? relative(PROJECT, file) : file));
}

describe("engines and sources", () => {
  test("have names of their own, and a line of help", () => {
    const all = [...ENGINES, ...SOURCES];
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const { name, summary } of all) {
      expect(name).toMatch(/^[a-z][a-z-]*$/);
      expect(summary).toMatch(/^[a-z].*[^.]$/);
    }
    const flags = SOURCES.flatMap((source) => source.flags.map(({ name }) => name));
    expect(new Set(flags).size).toBe(flags.length);
  });

  test("of clusters are those that can decide a split", () => {
    expect(CLUSTER_ENGINES.map(({ name }) => name).sort()).toEqual(Object.keys(SPLIT_OWNERS).sort());
  });

  test("have a source for each location of an engine, which is found without being named", () => {
    for (const { location } of ENGINES)
      expect(SOURCES.some((source) => source.locations.includes(location) && source.applies)).toBe(true);
  });

  test("are listed without being loaded, and those of this machine load no client of a cluster", async () => {
    const listed = await loadedWith("scripts/commands/split.ts", "scripts/commands/rollout.ts");
    expect(
      listed.filter((file) => /^scripts\/(engines|sources)\/.*-(engine|outcomes)\.ts$/.test(file)),
    ).toEqual([]);
    expect((await loadedWith("scripts/cluster/kube/connection.ts")).some(isClient)).toBe(true);
    const local = await loadedWith(
      "scripts/commands/split.ts",
      "scripts/commands/rollout.ts",
      "scripts/cluster/kube/service-context.ts",
      "scripts/engines/find-engine.ts",
      "scripts/engines/local/local-engine.ts",
      "scripts/sources/mesh/mesh-outcomes.ts",
      "scripts/sources/prometheus/prometheus-outcomes.ts",
      "scripts/commands/split/show.ts",
      "scripts/commands/split/change.ts",
      "scripts/commands/rollout/context.ts",
      "scripts/commands/rollout/start-rollout.ts",
    );
    expect(local.filter(isClient)).toEqual([]);
  });
});
