import { describe, expect, test } from "bun:test";
import { styleText } from "node:util";
import fc from "fast-check";
import { printable, printableStyled } from "./printable.ts";

const ANY = fc.string({ unit: "binary", maxLength: 40 });

describe("foreign text", () => {
  test.each([
    ["a title", "\u001b]0;owned\u0007x", "\\u001b]0;owned\\u0007x"],
    ["the clipboard", "\u001b]52;c;aGk=\u001b\\", "\\u001b]52;c;aGk=\\u001b\\"],
    ["a one-byte CSI", "\u009b2Jgone", "\\u009b2Jgone"],
    ["overwriting", "bad\rgood", "bad\\u000dgood"],
    ["erasing", "bad\b\b\bgood\u007f", "bad\\u0008\\u0008\\u0008good\\u007f"],
    ["another order", "user\u202eegnahc\u2066", "user\\u202eegnahc\\u2066"],
    ["half a character", "\ud800", "\\ud800"],
  ])("cannot set or use %s", (_, text, shown) => {
    expect(printable(text)).toBe(shown);
    expect(printableStyled(text)).toBe(shown);
  });

  test("keeps letters of all languages, emoji, tabs and line ends", () => {
    const text = "Grüße, 世界, עולם 👩‍👩‍👧\t1\n2\r\n3";
    expect(printable(text)).toBe(text);
  });

  test("has no control character afterwards, whatever it was, and is not escaped twice", () => {
    fc.assert(
      fc.property(ANY, (text) => {
        expect(printable(text)).not.toMatch(/\r(?!\n)|[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/u);
        expect(printable(printable(text))).toBe(printable(text));
      }),
    );
  });

  test("in JSON is the same JSON", () => {
    fc.assert(
      fc.property(ANY, (text) => {
        expect(JSON.parse(printable(JSON.stringify({ text })))).toEqual({ text });
      }),
    );
  });
});

test("styled text keeps its styles, and nothing else that a terminal acts on", () => {
  const styles = ["bold", "dim", "green", "yellow", "red", "cyan"] as const;
  for (const style of styles) {
    const text = styleText(style, "x\u001b[2J", { validateStream: false });
    expect(printableStyled(text)).toBe(text.replace("\u001b[2J", "\\u001b[2J"));
  }
  expect(printableStyled("\u001b[8mhidden\u001b[0m")).toBe("\\u001b[8mhidden\\u001b[0m");
});
