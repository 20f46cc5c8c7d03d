import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { PROJECT } from "../scripts/project.ts";

/** The layers of `scripts/`, the lowest first: a file imports only from its own layer and lower ones. */
const LAYERS: readonly (readonly string[])[] = [
  ["nearest.ts", "format.ts", "exit.ts", "project.ts", "file-stamp.ts"],
  ["text", "schema"],
  ["chart"],
  ["manifests", "route-fields", "traffic"],
  ["lint", "load", "mesh", "cluster"],
  ["sources"],
  ["engines"],
  ["rollout", "shadow"],
  ["bench", "e2e", "release"],
  ["terminal"],
  ["commands"],
  ["kyc.ts"],
];

/** The modules shared by services and tools: the export of traces, and the text of metrics. */
const SHARED = [
  "functions/shared/tracing",
  "functions/shared/telemetry/tracing.ts",
  "functions/shared/telemetry/histogram.ts",
];

/** The allowed imports within a layer, and restrictions beyond the layers. */
const NARROWER: Readonly<Record<string, readonly string[]>> = {
  "scripts/lint": [
    "scripts/lint",
    "scripts/traffic",
    "scripts/manifests",
    "scripts/route-fields",
    "scripts/schema",
    "scripts/text",
    "scripts/nearest.ts",
  ],
  "scripts/load": ["scripts/load", "scripts/traffic", "scripts/text/message-of.ts"],
  "scripts/mesh": [
    ...SHARED,
    "scripts/mesh",
    "scripts/traffic",
    "scripts/manifests",
    "scripts/route-fields",
    "scripts/schema",
    "scripts/text",
    "scripts/chart",
    "scripts/format.ts",
    "scripts/nearest.ts",
    "scripts/project.ts",
    "scripts/file-stamp.ts",
  ],
  "scripts/rollout/judge": [
    "scripts/rollout/judge",
    "scripts/text",
    "scripts/format.ts",
    "scripts/traffic/outcome-kind.ts",
    "scripts/traffic/random.ts",
    "scripts/nearest.ts",
  ],
  "scripts/bench/http": [
    "scripts/bench/http",
    "scripts/load",
    "scripts/chart",
    "scripts/text",
    "scripts/format.ts",
  ],
};

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

const imports = await readImports("{functions,scripts,test}/**/*.ts");
const sources = [...imports.keys()].filter((file) => !/\.(test|d)\.ts$/.test(file));

/** The files that contain the version of this project. */
const VERSIONED = ["scripts/kyc.ts", "scripts/project.ts", "scripts/release/npm-package.ts"];

const isBelow = (file: string, paths: readonly string[]): boolean =>
  paths.some((path) => file === path || file.startsWith(`${path}/`));

describe("imports", () => {
  test("of the services stay within the services", () => {
    const wrong = sources
      .filter((file) => file.startsWith("functions/"))
      .flatMap((file) => {
        const leaving = importsOf(file).filter((imported) => !imported.startsWith("functions/"));
        return leaving.map((imported) => `${file} imports ${imported}`);
      });
    expect(wrong).toEqual([]);
  });

  test("point downward through the layers", () => {
    const wrong: string[] = [];
    const layers = new Map<string, number>();
    for (const [at, names] of LAYERS.entries()) for (const name of names) layers.set(`scripts/${name}`, at);
    for (const file of sources.filter((name) => name.startsWith("scripts/"))) {
      const layer = layers.get(areaOf(file));
      if (layer === undefined) wrong.push(`${file} is in no layer of this test`);
      for (const imported of importsOf(file)) {
        if (VERSIONED.includes(file) && imported === "package.json") continue;
        if (isBelow(imported, SHARED)) continue;
        const below = layers.get(areaOf(imported));
        if (layer === undefined || below === undefined || below > layer)
          wrong.push(`${file} imports ${imported}`);
      }
    }
    for (const [folder, allowed] of Object.entries(NARROWER)) {
      for (const file of sources.filter((name) => name.startsWith(`${folder}/`))) {
        for (const imported of importsOf(file)) {
          if (!isBelow(imported, allowed)) wrong.push(`${file} imports ${imported}`);
        }
      }
    }
    expect([...new Set(wrong)]).toEqual([]);
  });

  test("of commands and services do not lead to test code", () => {
    const entries = sources.filter((file) => /^(scripts\/kyc|functions\/[^/]+\/main)\.ts$/.test(file));
    expect(entries.length).toBeGreaterThan(2);
    const reached = new Set(entries);
    for (const file of reached) for (const next of imports.get(file)?.byValue ?? []) reached.add(next);
    const isTest = (file: string): boolean => /^test\/|\/testing\/|\.test\.ts$/.test(file);
    expect([...reached].filter(isTest)).toEqual([]);
  });

  test("by value form no cycle of folders, at any level", () => {
    const deepest = Math.max(...sources.map((file) => file.split("/").length));
    const circles = new Set<string>();
    for (let level = 1; level < deepest; level++) {
      for (const circle of circlesOf(folderGraph(level))) circles.add(circle.join(" <-> "));
    }
    expect([...circles]).toEqual([]);
  });
});

/** The first two parts of a path: a folder of a root, or a file directly under it. */
const areaOf = (file: string): string => file.split("/").slice(0, 2).join("/");

/** The imports of a file, except the sample, which test helpers read. The next test checks commands for that. */
const importsOf = (file: string): readonly string[] =>
  (imports.get(file)?.all ?? []).filter((imported) => imported !== "test/sample.ts");

/** The node of a file: its folder at the given level, or the file itself if it is directly under a root. */
function folderGraph(level: number): Graph {
  const nodeOf = (file: string): string => {
    const parts = file.split("/");
    return parts.length === 2
      ? file
      : parts
          .slice(0, -1)
          .slice(0, level + 1)
          .join("/");
  };
  const graph = new Map<string, Set<string>>();
  for (const file of sources) {
    const from = nodeOf(file);
    const targets = graph.get(from) ?? new Set();
    for (const imported of imports.get(file)?.byValue ?? []) {
      if (nodeOf(imported) !== from) targets.add(nodeOf(imported));
    }
    graph.set(from, targets);
  }
  return graph;
}

/** The strongly connected parts of more than one node (Tarjan), each sorted. */
function circlesOf(graph: Graph): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  function visit(node: string): number {
    const index = order.size;
    order.set(node, index);
    lowest.set(node, index);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      const low = !order.has(next) ? visit(next) : stack.includes(next) ? (order.get(next) ?? 0) : Infinity;
      lowest.set(node, Math.min(lowest.get(node) ?? 0, low));
    }
    if (lowest.get(node) === index) {
      const part = stack.splice(stack.indexOf(node));
      if (part.length > 1) circles.push(part.sort());
    }
    return lowest.get(node) ?? 0;
  }
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return circles;
}

test("cycles are found", () => {
  const graph = new Map(
    Object.entries({ a: "b", b: "c", c: "b", d: "a" }).map(([from, to]) => [from, new Set([to])]),
  );
  expect(circlesOf(graph)).toEqual([["b", "c"]]);
});

/** The project's files that each file imports: all, and those imported by value. */
async function readImports(pattern: string): Promise<Map<string, { all: string[]; byValue: string[] }>> {
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const found = new Map<string, { all: string[]; byValue: string[] }>();
  for await (const file of new Bun.Glob(pattern).scan(PROJECT)) {
    const source = await readFile(join(PROJECT, file), "utf8");
    const local = (paths: Iterable<string>): string[] =>
      [...paths]
        .filter((path) => path.startsWith("."))
        .map((path) => relative(PROJECT, resolve(PROJECT, dirname(file), path)));
    found.set(file, {
      all: local([...source.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(([, path = ""]) => path)),
      byValue: local(transpiler.scanImports(source).map(({ path }) => path)),
    });
  }
  return found;
}
