import { expect, test } from "bun:test";
import { createLogOutput, type TextSink } from "./log-output.ts";

/** A sink whose reader takes `take()` to be let on, after the first `write`. */
function slowSink() {
  const texts: string[] = [];
  let letOn = (): void => undefined;
  const sink: TextSink = {
    write: (text) => texts.push(text),
    flush: () => new Promise<void>((resolve) => (letOn = resolve)),
  };
  return { sink, texts, take: () => letOn() };
}

test("lines go out together, in order, a moment later", async () => {
  const texts: string[] = [];
  const output = createLogOutput({
    sink: { write: (text) => texts.push(text), flush: () => 0 },
    flushAfterMs: 5,
  });
  output.write(() => "a\n");
  output.write(() => "b\n");
  expect(texts).toEqual([]);
  await Bun.sleep(30);
  expect(texts).toEqual(["a\nb\n"]);
});

test("lines go out at once when there are enough of them", () => {
  const texts: string[] = [];
  const sink = { write: (text: string) => texts.push(text), flush: () => 0 };
  const output = createLogOutput({ sink, flushAfterMs: 60_000, flushAtLines: 2 });
  output.write(() => "a\n");
  output.write(() => "b\n");
  expect(texts).toEqual(["a\nb\n"]);
});

test("a flush waits for a slow reader, and for what came meanwhile", async () => {
  const { sink, texts, take } = slowSink();
  const output = createLogOutput({ sink, flushAfterMs: 60_000 });
  output.write(() => "a\n");
  const flushed = output.flush();
  output.write(() => "b\n");
  expect(texts).toEqual(["a\n"]);
  take();
  await Bun.sleep(1);
  expect(texts).toEqual(["a\n", "b\n"]);
  take();
  await flushed;
});

test("what a slow reader leaves behind is bounded, and counted", async () => {
  const { sink, texts, take } = slowSink();
  const onLost = (lines: number) => output.write(() => `${lines}\n`);
  const output = createLogOutput({ sink, onLost, flushAfterMs: 60_000, flushAtLines: 1, maxLines: 2 });
  for (const line of ["a\n", "b\n", "c\n", "d\n", "e\n"]) output.write(() => line);
  take();
  await Bun.sleep(1);
  take();
  await Bun.sleep(1);
  expect(texts).toEqual(["a\n", "b\nc\n", "2\n"]);
});

test("a reader that is gone costs lines and nothing else", async () => {
  const fail = (): never => {
    throw Object.assign(new Error("broken pipe"), { code: "EPIPE" });
  };
  const output = createLogOutput({ sink: { write: fail, flush: fail } });
  output.write(() => "a\n");
  await output.flush();
  const rejecting = createLogOutput({
    sink: { write: () => 0, flush: () => Promise.reject(new Error("gone")) },
  });
  rejecting.write(() => "a\n");
  await rejecting.flush();
});
