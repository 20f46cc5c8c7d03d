import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { didYouMean, nearest } from "./nearest.ts";

describe("the nearest name", () => {
  test.each([
    ["percnt", ["percent", "tag"], "percent"],
    ["PERCENT", ["percent", "tag"], "percent"],
    ["prot", ["port", "host"], "port"],
    ["tga", ["tag", "url"], "tag"],
    ["hots", ["host", "port"], "host"],
    ["host", ["hosts", "host"], "host"],
    ["latestRevison", ["revisionName", "latestRevision"], "latestRevision"],
    ["credit-check-basc", ["credit-check-basic", "credit-check-advanced"], "credit-check-basic"],
  ])("for %p among %p is %p", (name, known, expected) => {
    expect(nearest(name, known)).toBe(expected);
  });

  test.each([
    ["weight", ["name", "match"]],
    ["v1", ["v2"]],
    ["a", ["b"]],
    ["", ["a", "b"]],
    ["x", []],
  ])("for %p among %p is none", (name, known) => {
    expect(nearest(name, known)).toBeUndefined();
  });

  test("is a name itself, if that is known in any letter case", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 });
    fc.assert(
      fc.property(names, fc.nat(), (known, n) => {
        const name = known[n % known.length] as string;
        expect(nearest(name.toUpperCase(), known)).toBe(name);
      }),
    );
  });

  test("is found when one letter of three or more is missing, doubled, wrong or swapped with the next", () => {
    const word = fc.stringMatching(/^[a-z]{3,12}$/);
    const slip = fc.constantFrom("missing", "doubled", "wrong", "swapped");
    fc.assert(
      fc.property(word, fc.nat(), slip, (name, n, kind) => {
        expect(nearest(slipped(name, n % name.length, kind), [name])).toBe(name);
      }),
    );
  });
});

describe("advice for an unknown name", () => {
  test("names the nearest one", () => {
    expect(didYouMean("wieght", ["weight", "headers"])).toBe("did you mean weight?");
  });
  test("lists all when none is near", () => {
    expect(didYouMean("foo", ["weight", "headers"])).toBe("known are weight, headers");
  });
  test("says so when there is none", () => {
    expect(didYouMean("foo", new Map().keys())).toBe("none is known here");
  });
});

function slipped(name: string, at: number, kind: string): string {
  const [before, letter, after] = [name.slice(0, at), name[at] as string, name.slice(at + 1)];
  switch (kind) {
    case "missing":
      return before + after;
    case "doubled":
      return before + letter + letter + after;
    case "wrong":
      return `${before}_${after}`;
    default:
      return after === "" ? name : before + after[0] + letter + after.slice(1);
  }
}
