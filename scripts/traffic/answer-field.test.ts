import { describe, expect, test } from "bun:test";
import { namesAnswerField, readAnswerField } from "./answer-field.ts";
import { type AnswerContent, answerValues } from "./answer-values.ts";

const valueOf = (text: string, content: Partial<AnswerContent>) => {
  const field = readAnswerField(text);
  if (field === undefined) throw new Error(`${text} names no field`);
  return answerValues(new Map([[text, field]]), {
    header: () => undefined,
    body: Buffer.alloc(0),
    ...content,
  })[text];
};

describe("a field of an answer", () => {
  test.each<[string, ReturnType<typeof readAnswerField>]>([
    ["header:X-Score", { kind: "header", name: "x-score" }],
    ["json:$", { kind: "json", path: [] }],
    ["json:$.a.b_2", { kind: "json", path: ["a", "b_2"] }],
    ["json:$.list[0]['a name'][\"b\"]", { kind: "json", path: ["list", 0, "a name", "b"] }],
    ["json:$.a-b", undefined],
    ["json:$..a", undefined],
    ["json:$.a[*]", undefined],
    ["json:a", undefined],
    ["header:", undefined],
    ["header:a b", undefined],
  ])("%s", (text, field) => {
    expect(readAnswerField(text)).toEqual(field);
  });

  test("is distinguished from a Prometheus query", () => {
    expect(namesAnswerField("json:.a")).toBe(true);
    expect(namesAnswerField('header:rate{revision="$revision"}')).toBe(false);
    expect(namesAnswerField('max(queue{revision="$revision"})')).toBe(false);
  });

  test("has the value in the body, or the reason why there is none", () => {
    const body = Buffer.from('{"a":{"b":[true,null,1.5]},"text":"x","__proto__":{"c":1}}');
    expect(valueOf("json:$.a.b[0]", { body })).toBe(true);
    expect(valueOf("json:$.a.b[1]", { body })).toBeNull();
    expect(valueOf("json:$.a.b[2]", { body })).toBe(1.5);
    expect(valueOf("json:$.text", { body })).toBe("x");
    expect(valueOf("json:$.a.b", { body })).toEqual({ missing: "a list" });
    expect(valueOf("json:$.a", { body })).toEqual({ missing: "an object" });
    for (const path of ["$.b", "$.a.b[3]", "$.a.b.length", "$.text.length", "$.constructor", "$.toString"])
      expect(valueOf(`json:${path}`, { body })).toEqual({ missing: "no such field" });
    expect(valueOf("json:$.a", { body: Buffer.from("<html>") })).toEqual({ missing: "not JSON" });
    expect(valueOf("json:$.a", {})).toEqual({ missing: "no body" });
    expect(valueOf("json:$.a", { body: { missing: "compressed" } })).toEqual({ missing: "compressed" });
  });

  test("has the value of a header, as a number if it is one", () => {
    expect(valueOf("header:x-score", { header: () => "712.5" })).toBe(712.5);
    expect(valueOf("header:x-score", { header: () => "0x10" })).toBe("0x10");
    expect(valueOf("header:x-score", { header: () => "high" })).toBe("high");
    expect(valueOf("header:x-score", {})).toEqual({ missing: "no such header" });
  });
});
