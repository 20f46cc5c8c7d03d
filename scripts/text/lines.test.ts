import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { lineBatches, linesOf, LineSplitter } from "./lines.ts";

async function* streamOf(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

/** Splits bytes at these positions. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end));
}

describe("lines", () => {
  test("are the text between line feeds, and the rest after the last one", async () => {
    expect(await Array.fromAsync(linesOf(streamOf("a\n\nb\r\nlast")))).toEqual(["a", "", "b\r", "last"]);
    expect(await Array.fromAsync(linesOf(streamOf("a\n")))).toEqual(["a"]);
    expect(await Array.fromAsync(linesOf(streamOf()))).toEqual([]);
  });

  test("do not depend on how the stream is cut into chunks, not even within a character", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.constant("\n"), fc.constant("é"), fc.constant("𝄞"), fc.string({ unit: "grapheme" })),
          {
            maxLength: 30,
          },
        ),
        fc.array(fc.nat(200)),
        (parts, places) => {
          const text = parts.join("");
          const splitter = new LineSplitter();
          const lines = cutAt(Buffer.from(text), places).flatMap((chunk) => splitter.push(chunk));
          const expected = text.toWellFormed().split("\n");
          if (expected.at(-1) === "") expected.pop();
          expect([...lines, ...splitter.end()]).toEqual(expected);
        },
      ),
    );
  });

  test("come in batches, as many at a time as a chunk completes", async () => {
    const batches = await Array.fromAsync(lineBatches(streamOf("a\nb\nc", "c", "c\n", "d")));
    expect(batches).toEqual([["a", "b"], ["ccc"], ["d"]]);
  });

  test("that are too long are cut between characters, with a note, and the next line is whole", async () => {
    const chunks = streamOf("a\n", "12345", "é89", "0\nnext\n", "abcdef");
    expect(await Array.fromAsync(linesOf(chunks, { maxBytes: 6 }))).toEqual([
      "a",
      "12345 … (4 more bytes cut)",
      "next",
      "abcdef",
    ]);
  });

  test("of 300 MB are cut in linear time and constant memory", () => {
    const splitter = new LineSplitter({ maxBytes: 64 * 1024 });
    const chunk = Buffer.alloc(64 * 1024, "x");
    const startedAt = performance.now();
    for (let i = 0; i < 4800; i++) expect(splitter.push(chunk).length).toBe(0);
    const [line] = splitter.push(Buffer.from("\n"));
    expect(line).toHaveLength(64 * 1024 + " … (314507264 more bytes cut)".length);
    // Quadratic time would be 26 s; a machine under load needs less than a tenth of that.
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  test("of 64 MB without a limit are joined in linear time", () => {
    const splitter = new LineSplitter();
    const chunk = Buffer.alloc(16 * 1024, "x");
    const startedAt = performance.now();
    for (let i = 0; i < 4096; i++) splitter.push(chunk);
    expect(splitter.end()[0]).toHaveLength(64 * 1024 * 1024);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
