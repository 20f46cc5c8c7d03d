import { expect, test } from "bun:test";
import fc from "fast-check";
import { createLog } from "./log.ts";

function logged(speak: (log: ReturnType<typeof createLog>) => void): string {
  let text = "";
  let time = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  const now = () => time++;
  speak(createLog({ service: "test-service", revision: "test-one", now, write: (line) => (text += line()) }));
  return text;
}

test("a line is one JSON object with its fixed fields first", () => {
  expect(logged((log) => log.info("request", { status: 200, route: "/x" }))).toBe(
    '{"level":"info","ts":"2026-01-02T03:04:05.678Z","msg":"request","service":"test-service","revision":"test-one","status":200,"route":"/x"}\n',
  );
});

test("a line has its own time", () => {
  const lines = logged((log) => {
    log.info("one");
    log.info("two");
  });
  expect(lines.match(/05\.\d+Z/g)).toEqual(["05.678Z", "05.679Z"]);
});

test.each([[undefined], [{}], [{ nothing: undefined }]])("a line with the fields %p is JSON", (fields) => {
  const line: unknown = JSON.parse(logged((log) => log.error("it broke", fields)));
  expect(line).toEqual({
    level: "error",
    ts: "2026-01-02T03:04:05.678Z",
    msg: "it broke",
    service: "test-service",
    revision: "test-one",
  });
});

test("a value cannot end a line or its field", () => {
  const text = logged((log) => log.info('a"\n{', { value: '"}\n{"level":"fake"\u2028' }));
  expect(text.trimEnd().split("\n")).toHaveLength(1);
  expect(JSON.parse(text)).toMatchObject({ level: "info", msg: 'a"\n{', value: '"}\n{"level":"fake"\u2028' });
});

test("a line contains its fields as JSON does, of any kind and depth", () => {
  const text = fc.string({ unit: "binary" });
  const leaf = fc.oneof(text, fc.double(), fc.boolean(), fc.constant(undefined), fc.array(text));
  const fields = fc.dictionary(
    fc.constantFrom("a", "b", "c"),
    fc.oneof(leaf, fc.dictionary(fc.constantFrom("d", "e"), leaf)),
  );
  fc.assert(
    fc.property(fields, (given) => {
      const { level, ts, msg, service, revision, ...rest } = JSON.parse(
        logged((log) => log.info("x", () => given)),
      );
      expect([level, ts, msg, service, revision].every((part) => typeof part === "string")).toBe(true);
      expect(rest).toEqual(JSON.parse(JSON.stringify(given)));
    }),
  );
});
