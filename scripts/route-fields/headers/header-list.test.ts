import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bothChanges, type HeaderChange, HeaderList, NO_CHANGE } from "./header-list.ts";

const FIELDS: [string, string][] = [
  ["host", "a.example"],
  ["accept", "text/html"],
  ["end-user", "basic"],
  ["accept", "*/*"],
];

describe("a list of headers", () => {
  test("gives the first value of a name, all of them joined, and their number", () => {
    const headers = list(FIELDS);
    expect(headers.get("accept")).toBe("text/html");
    expect(headers.joined("accept")).toBe("text/html,*/*");
    expect(headers.count("accept")).toBe(2);
    expect(headers.joined("end-user")).toBe("basic");
  });

  test("has nothing for a name that does not exist, and an empty value for one that is empty", () => {
    const headers = list([["empty", ""]]);
    expect([headers.get("x"), headers.joined("x"), headers.count("x")]).toEqual([undefined, undefined, 0]);
    expect([headers.get("empty"), headers.joined("empty"), headers.count("empty")]).toEqual(["", "", 1]);
  });

  test("knows lower-case names: others are other names", () => {
    expect(list(FIELDS).get("Accept")).toBeUndefined();
  });

  test("sets a name in the place of its first field, and at the end when it is new", () => {
    const headers = list(FIELDS);
    headers.set("accept", "application/json");
    headers.set("x-new", "1");
    expect([...headers]).toEqual([
      ["host", "a.example"],
      ["accept", "application/json"],
      ["end-user", "basic"],
      ["x-new", "1"],
    ]);
  });

  test("is written a line a field, in order", () => {
    expect(list(FIELDS).toString()).toBe(
      "host: a.example\r\naccept: text/html\r\nend-user: basic\r\naccept: */*\r\n",
    );
    expect(list([]).toString()).toBe("");
  });

  test("and its copy change apart", () => {
    const headers = list(FIELDS);
    const copy = headers.copy();
    copy.set("host", "b.example");
    headers.remove("accept");
    expect(headers.get("host")).toBe("a.example");
    expect(copy.count("accept")).toBe(2);
  });
});

describe("a change of headers", () => {
  test("removes, then sets, then adds, as Envoy does", () => {
    const headers = list([
      ["a", "1"],
      ["b", "1"],
    ]);
    headers.apply({ remove: ["a", "b"], set: [["a", "2"]], add: [["a", "3"]] });
    expect([...headers]).toEqual([
      ["a", "2"],
      ["a", "3"],
    ]);
  });

  test("of nothing changes nothing", () => {
    const headers = list(FIELDS);
    headers.apply(NO_CHANGE);
    expect([...headers]).toEqual(FIELDS);
  });

  test("of two as one list: the second overrides the first, and removals go before both", () => {
    const headers = list([["a", "0"]]);
    const route: HeaderChange = { ...NO_CHANGE, set: [["a", "1"]], add: [["b", "1"]] };
    const destination: HeaderChange = { ...NO_CHANGE, set: [["a", "2"]], remove: ["a", "b"] };
    headers.apply(bothChanges(route, destination));
    expect([...headers]).toEqual([
      ["a", "2"],
      ["b", "1"],
    ]);
  });
});

describe("for any steps", () => {
  const name = fc.constantFrom("a", "b", "c", "end-user");
  const value = fc.constantFrom("", "1", "2", "x,y");
  const change = fc.record({
    set: fc.array(fc.tuple(name, value), { maxLength: 2 }),
    add: fc.array(fc.tuple(name, value), { maxLength: 2 }),
    remove: fc.array(name, { maxLength: 2 }),
  });
  type Step = ["set" | "add", string, string] | ["remove", string] | ["apply", HeaderChange];
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.tuple(fc.constantFrom("set" as const, "add" as const), name, value),
    fc.tuple(fc.constant("remove" as const), name),
    fc.tuple(fc.constant("apply" as const), change),
  );

  test("a list of headers behaves like a plain array of fields", () => {
    const fields = fc.array(fc.tuple(name, value), { maxLength: 6 });
    fc.assert(
      fc.property(fields, fc.array(step, { maxLength: 8 }), (start, steps) => {
        const headers = list(start);
        const model = new Model(start);
        for (const one of steps) {
          take(headers, one);
          take(model, one);
        }
        expect([...headers]).toEqual(model.fields);
        for (const wanted of ["a", "b", "c", "end-user", "other"]) {
          const values = model.fields.filter(([known]) => known === wanted).map(([, text]) => text);
          expect(headers.get(wanted)).toBe(values[0] as string);
          expect(headers.count(wanted)).toBe(values.length);
          expect(headers.joined(wanted)).toBe(values.length === 0 ? (undefined as never) : values.join(","));
        }
      }),
    );
  });

  function take(headers: Pick<HeaderList, "set" | "add" | "remove" | "apply">, [kind, ...rest]: Step): void {
    if (kind === "apply") headers.apply(rest[0] as HeaderChange);
    else if (kind === "remove") headers.remove(rest[0] as string);
    else headers[kind](rest[0] as string, rest[1] as string);
  }
});

/** The same, slow and plain. */
class Model {
  fields: [string, string][];
  constructor(fields: [string, string][]) {
    this.fields = fields;
  }
  set(name: string, value: string): void {
    const first = this.fields.findIndex(([known]) => known === name);
    if (first < 0) return this.add(name, value);
    this.fields = this.fields.flatMap((field, i) => {
      if (i === first) return [[name, value]];
      return field[0] === name ? [] : [field];
    });
  }
  add(name: string, value: string): void {
    this.fields = [...this.fields, [name, value]];
  }
  remove(name: string): void {
    this.fields = this.fields.filter(([known]) => known !== name);
  }
  apply({ set, add, remove }: HeaderChange): void {
    for (const name of remove) this.remove(name);
    for (const [name, value] of set) this.set(name, value);
    for (const [name, value] of add) this.add(name, value);
  }
}

function list(fields: readonly (readonly [string, string])[]): HeaderList {
  return new HeaderList(fields.flat());
}
