import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { PROJECT } from "../scripts/project.ts";

/** Which folders may import which: dependencies point one way. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  functions: ["functions"],
  "scripts/text": [],
  "scripts/manifests": ["scripts/manifests", "scripts/nearest.ts"],
  "scripts/traffic": ["scripts/traffic", "scripts/manifests", "scripts/nearest.ts"],
  "scripts/lint": ["scripts/lint", "scripts/traffic", "scripts/manifests", "scripts/nearest.ts"],
  "scripts/mesh": [
    "scripts/format.ts",
    "scripts/mesh",
    "scripts/traffic",
    "scripts/manifests",
    "scripts/nearest.ts",
  ],
  "scripts/load": ["scripts/load", "scripts/traffic"],
  "scripts/bench/http": ["scripts/format.ts", "scripts/bench/http", "scripts/load"],
  "scripts/cluster": [
    "scripts/cluster",
    "scripts/load",
    "scripts/traffic",
    "scripts/manifests",
    "scripts/nearest.ts",
  ],
  "scripts/bench/judge": ["scripts/format.ts", "scripts/bench/judge", "scripts/rollout/judge"],
  "scripts/rollout": [
    "scripts/format.ts",
    "scripts/rollout",
    "scripts/engines",
    "scripts/sources",
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
    "scripts/format.ts",
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

/** Areas that still have circles between their folders. An area without one is taken off this list. */
const CIRCLES_LEFT = [
  "scripts/bench",
  "scripts/cluster",
  "scripts/commands",
  "scripts/e2e",
  "scripts/lint",
  "scripts/manifests",
  "scripts/mesh",
  "scripts/rollout",
  "scripts/traffic",
];

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

const imports = await readImports("{functions,scripts,test}/**/*.ts");
const sources = [...imports.keys()].filter((file) => !file.endsWith(".test.ts"));

describe("imports", () => {
  test("point one way", () => {
    const wrong: string[] = [];
    for (const [folder, allowed] of Object.entries(MAY_IMPORT)) {
      // Everything in scripts may handle text. The sample is for tests and their helpers, as the next test checks.
      const lowest = folder === "functions" ? [] : ["scripts/text"];
      const targets = [...allowed, ...lowest, "test/sample.ts"];
      for (const file of sources.filter((name) => name.startsWith(`${folder}/`))) {
        for (const imported of imports.get(file)?.all ?? []) {
          const isAllowed = targets.some((path) => imported === path || imported.startsWith(`${path}/`));
          if (!isAllowed) wrong.push(`${file} imports ${imported}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test("lead from no command or service to test code", () => {
    const entries = sources.filter((file) => /^(scripts\/kyc|functions\/[^/]+\/main)\.ts$/.test(file));
    expect(entries.length).toBeGreaterThan(2);
    const reached = new Set(entries);
    for (const file of reached) for (const next of imports.get(file)?.byValue ?? []) reached.add(next);
    const isTest = (file: string): boolean => /^test\/|\/testing\/|\.test\.ts$/.test(file);
    expect([...reached].filter(isTest)).toEqual([]);
  });

  test("by value make no circle of folders, at any level", () => {
    const deepest = Math.max(...sources.map((file) => file.split("/").length));
    const circles = new Set<string>();
    for (let level = 1; level < deepest; level++) {
      for (const circle of circlesOf(folderGraph(level))) circles.add(circle.join(" <-> "));
    }
    const isIn = (circle: string, area: string): boolean =>
      circle.split(" <-> ").every((folder) => `${folder}/`.startsWith(`${area}/`));
    const found = [...circles];
    expect(found.filter((circle) => !CIRCLES_LEFT.some((area) => isIn(circle, area)))).toEqual([]);
    expect(CIRCLES_LEFT.filter((area) => !found.some((circle) => isIn(circle, area)))).toEqual([]);
  });
});

/** A folder stands for the files in it and, at its level, below it; a file directly under a root for itself. */
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

test("circles are found", () => {
  const graph = new Map(
    Object.entries({ a: "b", b: "c", c: "b", d: "a" }).map(([from, to]) => [from, new Set([to])]),
  );
  expect(circlesOf(graph)).toEqual([["b", "c"]]);
});

/** The project's files that each file imports: all, and those not for their types alone. */
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
