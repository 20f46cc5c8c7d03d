import { describe, expect, test } from "bun:test";
import { type Rule, rulesFor, type VirtualHosts } from "./table.ts";

describe("the rules for a host", () => {
  const hosts: VirtualHosts = {
    exact: new Map([["a.b.example", named("exact")]]),
    suffixes: [
      [".b.example", named("*.b.example")],
      [".example", named("*.example")],
    ],
    any: named("*"),
  };

  test.each([
    ["a.b.example", "exact"],
    ["c.b.example", "*.b.example"],
    ["d.c.b.example", "*.b.example"],
    ["b.example", "*.example"],
    ["x.example", "*.example"],
    ["example", "*"],
    ["xb.example", "*.example"],
    [".example", "*"],
    ["other", "*"],
    ["", "*"],
  ])("%p are those of the most specific name, %s", (host, expected) => {
    expect(rulesFor(hosts, host)?.[0]?.at.file).toBe(expected);
  });

  test("are none where no name fits", () => {
    expect(rulesFor({ ...hosts, any: undefined }, "other")).toBeUndefined();
  });
});

function named(file: string): Rule[] {
  const action = { kind: "redirect", status: 301 } as unknown as Rule["action"];
  return [{ at: { file, line: 1, column: 1 }, matches: [], action }];
}
