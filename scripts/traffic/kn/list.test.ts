import { describe, expect, test } from "bun:test";
import { readList } from "./list.ts";
import { quoted } from "./quote.ts";

describe("a list on the command line", () => {
  test.each<[string, string, string[]]>([
    ["has an item between commas", "a=1,b=2", ["a=1", "b=2"]],
    ["is empty for an empty text", "", []],
    ["has empty items too", ",a,", ["", "a", ""]],
    ["may have commas in quotes", '"a,b",c', ["a,b", "c"]],
    ["has a quote for a doubled quote", '"a""b"', ['a"b']],
    ["may have a line break in quotes", '"a\r\nb",c', ["a\nb", "c"]],
    ["ends after its first line", "a,b\nc", ["a", "b"]],
    ["begins after empty lines", "\n\r\na", ["a"]],
    ["drops a carriage return at its end", "a\r", ["a"]],
  ])("%s", (_, text, items) => {
    expect(readList("--tag", text)).toEqual({ items });
  });

  test.each<[string, string]>([
    ['"a=1', 'parse error on line 1, column 5: extraneous or missing " in quoted-field'],
    ['"a"b', 'parse error on line 1, column 3: extraneous or missing " in quoted-field'],
    ['é,a"b', 'parse error on line 1, column 5: bare " in non-quoted-field'],
    ['"a\nb', 'record on line 1; parse error on line 2, column 2: extraneous or missing " in quoted-field'],
    ['"a\n\r', 'parse error on line 1, column 4: extraneous or missing " in quoted-field'],
    ['\n"a', 'parse error on line 2, column 3: extraneous or missing " in quoted-field'],
    ["\n", "EOF"],
  ])("that is malformed is refused with kn's message: %j", (text, why) => {
    expect(readList("--traffic", text)).toEqual({
      refusal: `invalid argument ${JSON.stringify(text)} for "--traffic" flag: ${why}`,
    });
  });

  test("is quoted in a refusal as in Go", () => {
    expect(quoted('a"\\\t\u0001\u007f\u00a0é😀\u{e0001}')).toBe(
      '"a\\"\\\\\\t\\x01\\x7f\\u00a0é😀\\U000e0001"',
    );
  });
});
