import { describe, expect, test } from "bun:test";
import { readSegments, segmentsOf } from "./segments.ts";

const TODAY = "2026-11-28";
const of = (text: string, body: unknown) =>
  segmentsOf(body, readSegments(text) ?? [], TODAY).map(({ field, value }) => `${field} ${value}`);

describe("the segment of a request", () => {
  test.each([
    ["2008-11-28", "18 to 24"],
    ["2008-11-29", "under 18"],
    ["1986-11-29", "25 to 39"],
    ["1986-11-28", "40 to 59"],
    ["1950-01-01", "60 and over"],
    ["yesterday", "other"],
    [undefined, "none"],
  ])("of a person born %p is the band %p", (born, band) => {
    expect(of("born:age", { born })).toEqual([`born ${band}`]);
  });

  test("is the value of a listed field, if that is a short word", () => {
    expect(of("country,tier", { country: "SE", tier: 3, name: "Jane" })).toEqual(["country SE", "tier 3"]);
    expect(of("name", { name: "Anna Maria Eriksson" })).toEqual(["name other"]);
    expect(of("name", { name: { first: "Anna" } })).toEqual(["name other"]);
    expect(of("name", undefined)).toEqual(["name none"]);
  });
});

test("an invalid list of segments is refused", () => {
  expect(readSegments("a,b:age")).toEqual([
    { name: "a", as: "value" },
    { name: "b", as: "age" },
  ]);
  expect(readSegments("")).toEqual([]);
  for (const text of ["a,,b", "a b", "a:years", "-"]) expect(readSegments(text)).toBeUndefined();
});
