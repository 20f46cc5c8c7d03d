import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Unreachable } from "./connection.ts";
import { lines } from "./response-lines.ts";
import { rejection } from "./testing/rejection.ts";

describe("lines", () => {
  test.each<[string, string[], string[]]>([
    ["come without their ends", ["a\nb\n"], ["a", "b"]],
    ["may be empty", ["\n\na\n\n"], ["", "", "a", ""]],
    ["include text after the last line end", ["a\nb"], ["a", "b"]],
    ["may be cut anywhere", ["a", "b\nc", "", "d\n", "e"], ["ab", "cd", "e"]],
    ["keep a carriage return", ["a\r\n"], ["a\r"]],
    ["are empty for an empty body", [], []],
  ])("%s", async (_, chunks, expected) => {
    expect(await gather(chunks.map((chunk) => Buffer.from(chunk)))).toEqual(expected);
  });

  test("are the same wherever the bytes of a text are cut", async () => {
    const property = fc.asyncProperty(
      fc.string({ unit: fc.constantFrom("a", "\n", "ü", "語", "🌍", "e\u0301") }),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
      async (text, sizes) => {
        const bytes = Buffer.from(text, "utf8");
        const chunks: Uint8Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        const expected = text.split("\n");
        if (expected.at(-1) === "") expected.pop();
        expect(await gather(chunks)).toEqual(expected);
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });

  test("stand a character that is cut off at the end, and bytes that are no UTF-8", async () => {
    expect(await gather([Buffer.from([0x61, 0x0a, 0xff, 0xe8, 0xaa])])).toEqual(["a", "\ufffd\ufffd"]);
  });

  test("are empty for a response without a body", async () => {
    expect(await Array.fromAsync(lines(new Response(null)))).toEqual([]);
  });

  test("close the stream when the reader stops", async () => {
    const cancelled = Promise.withResolvers<void>();
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from("a\nb\n")),
      cancel: () => cancelled.resolve(),
    });
    for await (const line of lines(new Response(stream))) {
      expect(line).toBe("a");
      break;
    }
    await cancelled.promise;
  });

  test("end with Unreachable when the stream fails", async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error("ECONNRESET")),
    });
    const error = await rejection(Array.fromAsync(lines(new Response(stream))));
    expect(error).toBeInstanceOf(Unreachable);
    expect(error.message).toBe("The connection to the API server was cut: ECONNRESET");
  });
});

function gather(chunks: readonly Uint8Array[]): Promise<string[]> {
  const left = [...chunks];
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = left.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
  return Array.fromAsync(lines(new Response(stream)));
}
