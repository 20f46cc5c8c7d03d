import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { stringify } from "yaml";
import { type FieldPath, type ManifestDocument, parseDocuments } from "./document.ts";
import { formatProblem, type Position, formatPath } from "./problem.ts";

const MANIFEST = `# a comment
kind: Service
metadata:
  name: credit-check
  labels: { app: credit-check, networking.knative.dev/visibility: cluster-local }
spec:
  traffic:
    - revisionName: credit-check-basic
      percent: 50
    - {revisionName: credit-check-advanced, percent: 50}
  empty:
  list:
    -
    - 7
`;

describe("the place of a field", () => {
  test.each<[FieldPath, string]>([
    [[], "2:1"],
    [["kind"], "2:7"],
    [["metadata"], "4:3"],
    [["metadata", "name"], "4:9"],
    [["metadata", "labels"], "5:11"],
    [["metadata", "labels", "app"], "5:18"],
    [["metadata", "labels", "networking.knative.dev/visibility"], "5:67"],
    [["spec", "traffic"], "8:5"],
    [["spec", "traffic", 0], "8:7"],
    [["spec", "traffic", 0, "percent"], "9:16"],
    [["spec", "traffic", 1], "10:7"],
    [["spec", "traffic", 1, "percent"], "10:54"],
    [["spec", "empty"], "11:9"],
    [["spec", "list", 0], "13:6"],
    [["spec", "list", 1], "14:7"],
  ])("%p has its value at %s", (path, expected) => {
    expect(place(only(MANIFEST).at(path))).toBe(expected);
  });

  test.each<[FieldPath, string]>([
    [["kind"], "2:1"],
    [["metadata", "name"], "4:3"],
    [["metadata", "labels", "networking.knative.dev/visibility"], "5:32"],
    [["spec", "traffic"], "7:3"],
    [["spec", "traffic", 0, "percent"], "9:7"],
    [["spec", "traffic", 1, "percent"], "10:45"],
    [["spec", "empty"], "11:3"],
  ])("%p has its name at %s", (path, expected) => {
    expect(place(only(MANIFEST).atKey(path))).toBe(expected);
  });

  test("is that of the nearest parent if the field is missing", () => {
    const document = only(MANIFEST);
    expect(place(document.at(["spec", "template", "spec", 0]))).toBe("7:3");
    expect(place(document.atKey(["spec", "template"]))).toBe("6:1");
    expect(place(document.at(["spec", "traffic", 2, "percent"]))).toBe("8:5");
    expect(place(document.at(["kind", "of"]))).toBe("2:7");
    expect(place(document.at(["nothing"]))).toBe("2:1");
  });

  test("is that of its name if a flow map has no value", () => {
    expect(place(only("a: {b, c: 1}\n").at(["a", "b"]))).toBe("1:5");
  });

  test("is right even if JavaScript orders the names differently from the text", () => {
    const document = only('a: {b: 1, "10": 2, "2": {"7": 3, c: 4}}\n');
    expect(place(document.at(["a", "b"]))).toBe("1:8");
    expect(place(document.atKey(["a", "10"]))).toBe("1:11");
    expect(place(document.at(["a", "10"]))).toBe("1:17");
    expect(place(document.at(["a", "2", "c"]))).toBe("1:37");
    expect(place(document.atKey(["a", "2", "7"]))).toBe("1:26");
    expect(place(document.at(["a", 2, 7]))).toBe("1:31");
  });

  test("in an anchored map is in the definition of the map, not in its use", () => {
    const document = only("a: &split\n  weight: 5\nb: *split\nc:\n  - *split\n");
    expect(document.value).toEqual({ a: { weight: 5 }, b: { weight: 5 }, c: [{ weight: 5 }] });
    for (const path of [
      ["b", "weight"],
      ["c", 0, "weight"],
    ]) {
      expect(place(document.at(path))).toBe("2:11");
      expect(place(document.atKey(path))).toBe("2:3");
    }
  });

  test("of a field merged by << is in the source of the merge, and own fields take precedence", () => {
    const document = only("a: &a {x: 1, y: 2}\nb: &b {z: 3}\nc:\n  <<: [*a, *b]\n  y: 9\nd: {<<: *a}\n");
    expect(document.value).toMatchObject({ c: { x: 1, y: 9, z: 3 }, d: { x: 1, y: 2 } });
    expect(place(document.at(["c", "x"]))).toBe("1:11");
    expect(place(document.atKey(["c", "z"]))).toBe("2:8");
    expect(place(document.at(["c", "y"]))).toBe("5:6");
    expect(place(document.at(["d", "y"]))).toBe("1:17");
  });

  test.each([
    ["lines that end in CRLF", "a: 1\r\nb:\r\n  c: 2\r\n", "3:6"],
    ["a byte order mark", "\uFEFFb: {c: 2}\n", "1:8"],
    ["an earlier document", "a: 1\n---\nb:\n  c: 2\n", "4:6"],
    ["letters beyond ASCII", "a: ü\nb: {ä: ö, c: 2}", "2:14"],
  ])("is right with %s", (_, text, expected) => {
    const document = parse(text).documents.at(-1);
    expect(place(document?.at(["b", "c"]))).toBe(expected);
  });

  test("is the position of the value, for any data", () => {
    const key = fc
      .stringMatching(/^[a-z][a-zA-Z/.-]{0,8}$/)
      .filter((name) => !/^(y|n|yes|no|on|off)$/.test(name));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, fc.integer(), tie("list"), tie("map")),
      list: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }),
      map: fc.dictionary(key, tie("tree"), { minKeys: 1, maxKeys: 3 }),
    }));
    fc.assert(
      fc.property(tree, fc.boolean(), (value, flow) => {
        const text = stringify(value, { collectionStyle: flow ? "flow" : "any" });
        const document = only(text);
        const lines = text.split("\n");
        for (const [path, leaf] of leaves(value)) {
          const { line, column } = document.at(path);
          const rest = (lines[line - 1] as string).slice(column - 1);
          expect(Number.parseInt(rest, 10)).toBe(leaf);
        }
      }),
    );
  });
});

describe("the documents of a file", () => {
  test("are read in order, without empty ones", () => {
    const { documents, problems } = parse("---\n# nothing\n---\na: 1\n---\n---\nnull\n---\nb: 2\n");
    expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }, { b: 2 }]);
    expect(problems).toEqual([]);
  });

  test.each([[""], ["\n\n"], ["# only a comment\n"], ["---\n"], ["~"]])("are none in %p", (text) => {
    expect(parse(text)).toEqual({ documents: [], problems: [] });
  });

  test("know their file", () => {
    const { documents } = parseDocuments("istio/routes.yaml", "a: 1\n---\nb: 2\n");
    expect(documents.map(({ file }) => file)).toEqual(["istio/routes.yaml", "istio/routes.yaml"]);
    expect(documents[1]?.at(["b"])).toEqual({ file: "istio/routes.yaml", line: 3, column: 4 });
  });

  test("are read as kubectl reads them: YAML 1.1, without dates and base 60", () => {
    const { value } = only(
      "[yes, Off, y, 010, 0x1F, 1_000, 1e3, true, ~, 2020-01-01, 12:30:45, 1.5s, '5', hello, ., .5, -2., 1_0.5]",
    );
    expect(value).toEqual([
      true,
      false,
      true,
      8,
      31,
      1000,
      1000,
      true,
      null,
      "2020-01-01",
      "12:30:45",
      "1.5s",
      "5",
      "hello",
      ".",
      0.5,
      -2,
      10.5,
    ]);
    expect(only("on: 1\n5: 2\n").value).toEqual({ on: 1, "5": 2 });
  });
});

describe("a text that is not valid YAML", () => {
  test.each([
    ["a:\n\tb: 1\n", "2:1: error: not valid YAML: tabs are not allowed as indentation"],
    ["a: 1\nb: 2\na: 3\n", "3:1: error: not valid YAML: map keys must be unique"],
    ["a: b\uFFFD\n", "1:5: error: not valid YAML: this is not UTF-8 text; save the file as UTF-8"],
    [
      "a: \u001b[2J\n",
      "1:4: error: not valid YAML: the control character U+001B is not allowed; remove it, or escape it in double quotes",
    ],
    [
      "a: 1\n{{- if .Values.b }}\nc: 2\n{{- end }}\n",
      "2:1: error: not valid YAML: implicit keys need to be on a single line; render the template, for example: helm template . | ./kyc lint -",
    ],
    ["a: {b: 1, b: 2}\n", "1:11: error: not valid YAML: map keys must be unique"],
    ["a: b: c\n", "1:4: error: not valid YAML: nested mappings are not allowed in compact mappings"],
    ["a: 'x\n", "2:1: error: not valid YAML: missing closing 'quote"],
    ["a: !Shares x\n", "1:4: error: not valid YAML: unresolved tag: !Shares"],
    ["a:\n  - *Shares\n", "2:5: error: not valid YAML: there is no anchor &Shares before"],
    ["a: &b\n  c: [1, *b]\n", "2:10: error: not valid YAML: the anchor &b contains itself"],
    ["a: *b\nb: &b 1\n", "1:4: error: not valid YAML: there is no anchor &b before"],
    ["? [a, b]\n: 1\n", "1:3: error: not valid YAML: a key must be a string"],
    ["a: 1\n<<: 5\n", "1:1: error: not valid YAML: merge sources must be maps or map aliases"],
    [
      `a: &a [${"x,".repeat(20)}]\nb: &b [${"*a,".repeat(20)}]\nc: [${"*b,".repeat(20)}]\n`,
      "3:62: error: not valid YAML: its aliases expand to too many values",
    ],
  ])("%j is a problem with its place", (text, expected) => {
    const { documents, problems } = parse(text);
    expect(documents).toEqual([]);
    expect(problems.map(formatProblem)).toEqual([`f.yaml:${expected}`]);
  });

  test.each([
    ["brackets", `a: 1\nb: ${"[".repeat(3500)}`, "2:103"],
    ["braces", `a: ${"{b: ".repeat(3500)}`, "1:400"],
    ["maps in lines", Array.from({ length: 1500 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"), "101:101"],
    ["lists in one line", `${"- ".repeat(3500)}a`, "1:201"],
    ["keys in one line", `${"? ".repeat(3500)}a`, "1:201"],
  ])("of %s nested too deeply is refused at once, with the place", (_, text, place) => {
    const before = performance.now();
    const { documents, problems } = parse(text);
    expect(performance.now() - before).toBeLessThan(2000);
    expect(documents).toEqual([]);
    expect(problems.map(formatProblem)).toEqual([
      `f.yaml:${place}: error: the YAML is nested more than 100 levels deep; correct the brackets or the indentation`,
    ]);
  });

  test("may have brackets in strings and comments, and many adjacent lists", () => {
    const text = `a: "${"[".repeat(500)}" # ${"{".repeat(500)}\nb: |\n  ${"[".repeat(500)}\n${"c: ".repeat(1)}[${"[],".repeat(500)}]\n`;
    expect(parse(text).problems).toEqual([]);
    const lines = Array.from({ length: 500 }, (_, i) => `k${i}:\n  - a:\n    - b`).join("\n");
    expect(parse(lines).problems).toEqual([]);
    expect(parse(`a: ${"[".repeat(98)}${"]".repeat(98)}\n`).problems).toEqual([]);
  });

  test("leaves the other documents of the file valid", () => {
    const { documents, problems } = parse("a: 1\n---\nb: 'x\n---\nc: *d\n");
    expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }]);
    expect(problems.length).toBeGreaterThan(0);
  });

  test("never makes reading throw", () => {
    const piece = fc.constantFrom(
      ..."ab:-&*!?{}[]#|>'\"%@`,~<0 \n\t\r",
      "---\n",
      "<<: ",
      "a: ",
      "- ",
      "&x ",
      "*x",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const { documents, problems } = parse(pieces.join(""));
        for (const { at } of problems) expect(Math.min(at.line, at.column)).toBeGreaterThan(0);
        for (const document of documents) expect(document.at(["a", 0, "b"]).line).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a path", () => {
  test.each<[FieldPath, string]>([
    [[], ""],
    [["spec"], "spec"],
    [["spec", "http", 0, "match", 1, "uri"], "spec.http[0].match[1].uri"],
    [
      ["metadata", "labels", "networking.knative.dev/visibility"],
      'metadata.labels["networking.knative.dev/visibility"]',
    ],
    [["headers", "end-user", "exact"], "headers.end-user.exact"],
    [[2, "a b"], '[2]["a b"]'],
    [["5"], '["5"]'],
  ])("%j is written %s", (path, expected) => {
    expect(formatPath(path)).toBe(expected);
  });
});

function parse(text: string) {
  return parseDocuments("f.yaml", text);
}

function only(text: string): ManifestDocument {
  const { documents, problems } = parse(text);
  expect(problems).toEqual([]);
  expect(documents).toHaveLength(1);
  return documents[0] as ManifestDocument;
}

function place(at: Position | undefined): string {
  return `${at?.line}:${at?.column}`;
}

function* leaves(value: unknown, path: FieldPath = []): Generator<[FieldPath, number]> {
  if (Array.isArray(value)) for (const [i, item] of value.entries()) yield* leaves(item, [...path, i]);
  else if (typeof value === "object" && value !== null)
    for (const [key, item] of Object.entries(value)) yield* leaves(item, [...path, key]);
  else yield [path, Number(value)];
}
