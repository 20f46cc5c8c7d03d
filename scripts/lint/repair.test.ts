import { describe, expect, test } from "bun:test";
import { parseDocuments } from "../manifests/document.ts";
import type { Repair } from "./finding.ts";
import { repaired } from "./repair.ts";

type Change = readonly [path: (string | number)[], value: Repair["value"]];

function repair(text: string, ...changes: Change[]): string {
  const [document] = parseDocuments("f.yaml", text).documents;
  if (document === undefined) throw new Error("no document");
  return repaired(
    text,
    changes.map(([path, value]) => ({ document, path, value })),
  ).text;
}

const TEXT = `# on top
a:
  - b: 1 # one
    "c": two

  # above d
  - d: {e: f} # flow
last: x # end
`;

describe("a repair", () => {
  test("replaces a value, and keeps the text around it", () => {
    expect(repair(TEXT, [["a", 0, "b"], 80])).toBe(TEXT.replace("b: 1 #", "b: 80 #"));
    expect(repair(TEXT, [["a", 0, "c"], "a: b"])).toBe(TEXT.replace('"c": two', '"c": "a: b"'));
  });

  test("adds a field after the others, in the form of the map", () => {
    expect(repair(TEXT, [["a", 0, "new"], { x: 0 }])).toBe(
      TEXT.replace('"c": two', '"c": two\n    new:\n      x: 0'),
    );
    expect(repair(TEXT, [["a", 1, "d", "new", "x"], 0])).toBe(
      TEXT.replace("{e: f}", "{e: f, new: { x: 0 }}"),
    );
    expect(repair(TEXT, [["new"], "text"])).toBe(TEXT.replace("last: x # end", "last: x # end\nnew: text"));
  });

  test("quotes a string that YAML 1.1 would read as another type", () => {
    expect(repair(TEXT, [["last"], "yes"])).toBe(TEXT.replace("last: x", 'last: "yes"'));
  });

  test("removes a field with its line", () => {
    expect(repair(TEXT, [["a", 0, "c"], undefined])).toBe(TEXT.replace('    "c": two\n', ""));
    expect(repair(TEXT, [["a", 0, "b"], undefined])).toBe(TEXT.replace('b: 1 # one\n    "c"', '"c"'));
  });

  test("leaves a repair out that cannot be made in place", () => {
    for (const change of [
      [["a", 1, "d", "e"], undefined],
      [["a", 0], 1],
      [["a", 5, "x"], 1],
      [["last", "x"], 1],
    ] satisfies Change[])
      expect(repair(TEXT, change)).toBe(TEXT);
  });

  test("is for its own document of a file", () => {
    const text = "a: 1\n---\na: 1\n";
    const [, second] = parseDocuments("f.yaml", text).documents;
    if (second === undefined) throw new Error("no second document");
    expect(repaired(text, [{ document: second, path: ["a"], value: 2 }])).toEqual({
      text: "a: 1\n---\na: 2\n",
      made: 1,
    });
  });

  test("is deferred to the next round if another is made in the same place", () => {
    const changes: Change[] = [
      [["a", 0, "x"], 1],
      [["a", 0, "y"], 2],
    ];
    expect(repair(TEXT, ...changes)).toBe(TEXT.replace('"c": two', '"c": two\n    x: 1'));
  });
});
