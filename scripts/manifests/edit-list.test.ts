import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseAllDocuments } from "yaml";
import { editList, type ItemEdit } from "./edit-list.ts";

const FILE = `# Above all.
kind: Service
spec:
  template: {name: a} # beside

  # Who answers.
  traffic: # here
    - revisionName: check-basic # the old one
      tag: "basic"
      percent: 50

    # The new one.
    - tag: 'advanced'   # quoted
      revisionName: check-advanced
      percent:   0x32
    # At the end.
---
kind: Other
list: [ {a: 1} ]
`;
const TRAFFIC = { line: 2, path: ["spec", "traffic"] };
const kept = (i: number, set: Extract<ItemEdit, { kept: number }>["set"] = {}): ItemEdit => ({
  kept: i,
  set,
});

describe("a list edited within its file", () => {
  test("changes values and no other character", () => {
    const edited = editList(FILE, TRAFFIC, [kept(0, { percent: 90 }), kept(1, { percent: 10 })]);
    expect(edited).toBe(FILE.replace("percent: 50", "percent: 90").replace("0x32", "10"));
  });

  test("is found in an item of a List", () => {
    const text =
      "kind: List\nitems:\n  - kind: A\n    list:\n      - percent: 1\n  - kind: B\n    list: # mine\n      - percent: 2\n";
    expect(editList(text, { line: 6, path: ["list"] }, [kept(0, { percent: 3 })])).toBe(
      text.replace("2", "3"),
    );
  });

  test("keeps CRLF line ends", () => {
    const crlf = (text: string): string => text.replaceAll("\n", "\r\n");
    const items = [kept(0, { percent: 90, more: "x" }), { added: { tag: "new", percent: 10 } }];
    expect(editList(crlf(FILE), TRAFFIC, items)).toBe(crlf(editList(FILE, TRAFFIC, items)));
  });

  test("keeps the form of an equal value", () => {
    expect(editList(FILE, TRAFFIC, [kept(0, { percent: 50, tag: "basic" }), kept(1, { percent: 50 })])).toBe(
      FILE,
    );
  });

  test("removes an item with the comments above it, and the first field of an item without its dash", () => {
    const edited = editList(FILE, TRAFFIC, [kept(1, { tag: undefined, percent: 100 })]);
    expect(edited).toBe(`# Above all.
kind: Service
spec:
  template: {name: a} # beside

  # Who answers.
  traffic: # here

    # The new one.
    - revisionName: check-advanced
      percent:   100
    # At the end.
---
kind: Other
list: [ {a: 1} ]
`);
  });

  test("adds items and fields with the present indentation", () => {
    const added = { added: { tag: "v3", headers: { set: { a: "b" } }, percent: 5 } };
    expect(editList(FILE, TRAFFIC, [kept(0, { tag: undefined, latest: true }), kept(1), added])).toBe(
      FILE.replace('      tag: "basic"\n      percent: 50', "      percent: 50\n      latest: true").replace(
        "0x32\n",
        "0x32\n    - tag: v3\n      headers:\n        set:\n          a: b\n      percent: 5\n",
      ),
    );
  });

  test("changes values in flow style, and rewrites an item whose fields change", () => {
    const text = "list:\n  # one\n  - {a: 1, b: x} # first\n  - { a: 2 }\n";
    const place = { line: 1, path: ["list"] };
    expect(editList(text, place, [kept(0, { a: 9 }), kept(1, { b: "z" })])).toBe(
      "list:\n  # one\n  - {a: 9, b: x} # first\n  - a: 2\n    b: z\n",
    );
  });

  test("reorders items, each with the comments above it", () => {
    expect(editList(FILE, TRAFFIC, [kept(1), kept(0)])).toContain(`  traffic: # here

    # The new one.
    - tag: 'advanced'   # quoted
      revisionName: check-advanced
      percent:   0x32
    - revisionName: check-basic # the old one
      tag: "basic"
      percent: 50
    # At the end.
`);
  });

  test("is rewritten if it is in flow style, or was missing", () => {
    const edited = editList(FILE, { line: 18, path: ["list"] }, [kept(0, { a: 2 }), { added: { a: 3 } }]);
    expect(edited).toContain("# the old one");
    expect(parseAllDocuments(edited)[1]?.toJS()).toEqual({ kind: "Other", list: [{ a: 2 }, { a: 3 }] });
    const made = editList("# here\nspec:\n  a: 1\n", { line: 2, path: ["spec", "traffic"] }, [
      { added: { percent: 100 } },
    ]);
    expect(made).toBe("# here\nspec:\n  a: 1\n  traffic:\n    - percent: 100\n");
  });

  const field = fc.constantFrom("a", "b", "c");
  const value = fc.oneof(
    fc.nat(100),
    fc.boolean(),
    fc.constantFrom("x", "yes", "1", "a: b", "# c", "two\nlines"),
  );
  const item = fc.dictionary(field, value, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
  const change = fc.dictionary(field, fc.option(value, { nil: undefined }), {
    maxKeys: 2,
    noNullPrototype: true,
  });

  test("has the requested content, for any change", () => {
    fc.assert(
      fc.property(
        fc.array(item, { minLength: 1, maxLength: 3 }),
        fc.array(fc.oneof(fc.record({ kept: fc.nat(2), set: change }), fc.record({ added: item })), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.constantFrom("  ", "", "      "),
        (before, wanted, indent) => {
          const text = `list: # c\n${before.map((each) => itemText(each, indent)).join("\n# between\n")}\nend: 1\n`;
          const used = new Set<number>();
          const edits: ItemEdit[] = wanted.filter((edit) => {
            if ("added" in edit) return true;
            const isFree = edit.kept < before.length && !used.has(edit.kept);
            used.add(edit.kept);
            const left = { ...before[edit.kept], ...edit.set };
            return isFree && Object.values(left).some((each) => each !== undefined);
          });
          if (edits.length === 0) return;
          const expected = edits.map((edit) => {
            if ("added" in edit) return edit.added;
            const all = Object.entries({ ...before[edit.kept], ...edit.set });
            return Object.fromEntries(all.filter(([, each]) => each !== undefined));
          });
          const after = parseAllDocuments(editList(text, { line: 1, path: ["list"] }, edits));
          expect(after[0]?.toJS()).toEqual({ list: expected, end: 1 });
        },
      ),
      { numRuns: 500 },
    );
  });
});

function itemText(item: Readonly<Record<string, unknown>>, indent: string): string {
  return Object.entries(item)
    .map(([name, each], i) => `${indent}${i === 0 ? "- " : "  "}${name}: ${JSON.stringify(each)} # ${name}`)
    .join("\n");
}
