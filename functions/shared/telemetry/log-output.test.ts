import { expect, test } from "bun:test";
import { createLogOutput, type TextSink } from "./log-output.ts";

/** A sink whose reader blocks after the first `write` until `take()` is called. */
function slowSink() {
  const texts: string[] = [];
  let letOn = (): void => undefined;
  const sink: TextSink = {
    write: (text) => texts.push(text),
    flush: () => new Promise<void>((resolve) => (letOn = resolve)),
  };
  return { sink, texts, take: () => letOn() };
}

test("lines are written together, in order, after a short delay", async () => {
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

test("lines are written at once when there are enough of them", () => {
  const texts: string[] = [];
  const sink = { write: (text: string) => texts.push(text), flush: () => 0 };
  const output = createLogOutput({ sink, flushAfterMs: 60_000, flushAtLines: 2 });
  output.write(() => "a\n");
  output.write(() => "b\n");
  expect(texts).toEqual(["a\nb\n"]);
});

test("a flush waits for a slow reader, and for lines added meanwhile", async () => {
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

test("lines waiting for a slow reader are bounded, and dropped ones are counted", async () => {
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

test("only lines are lost if the reader is gone", async () => {
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
