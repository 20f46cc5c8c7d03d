import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bodyReader, chunkHead, LAST_CHUNK } from "./body.ts";
import type { Framing } from "./framing.ts";
import { MalformedMessage } from "./head.ts";

/**
 * Pushes the pieces one by one. Returns the content and the length of the body in bytes, -1 if the body is not
 * complete.
 */
function read(framing: Framing, pieces: readonly Buffer[]): { content: Buffer; end: number; calls: number } {
  const reader = bodyReader(framing);
  const content: Buffer[] = [];
  let taken = 0;
  for (const piece of pieces) {
    // The reader may overwrite its input.
    const end = reader.push(Buffer.from(piece), (bytes) => content.push(bytes));
    if (end >= 0) return { content: Buffer.concat(content), end: taken + end, calls: content.length };
    taken += piece.length;
  }
  return { content: Buffer.concat(content), end: -1, calls: content.length };
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((place, i) => bytes.subarray(places[i], place));
}

const text = (value: string): Buffer => Buffer.from(value, "latin1");
const CHUNKED: Framing = { kind: "chunked" };
const anyBytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
const cuts = fc.array(fc.nat(), { maxLength: 12 });

describe("for any split of the stream", () => {
  test("a body of a known length ends after that length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), anyBytes(50), cuts, (body, after, at) => {
        const pieces = cut(Buffer.concat([body, after]), at);
        const { content, end } = read({ kind: "length", bytes: body.length }, pieces);
        expect(content).toEqual(Buffer.from(body));
        expect(end).toBe(body.length);
      }),
    );
  });

  test("a chunked body delivers its content and ends after its trailers, for any extensions and trailers", () => {
    const size = fc.constantFrom(1, 2, 15, 16, 17, 300, 3_000, 5_000);
    const chunk = fc.record({
      size,
      byte: fc.nat(255),
      extension: fc.constantFrom("", ";a", ' ;a="b;c"', ";\xe9=1"),
      zeros: fc.constantFrom("", "0", "00"),
      capitals: fc.boolean(),
    });
    const trailers = fc.constantFrom("", "x: 1\r\n", "x:\r\ny: 2\r\n");
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 8 }),
        trailers,
        anyBytes(50),
        cuts,
        (chunks, end, after, at) => {
          const content = chunks.map(({ size, byte }) => Buffer.alloc(size, byte));
          const framed = chunks.flatMap(({ size, extension, zeros, capitals }, i) => {
            const digits = capitals ? size.toString(16).toUpperCase() : size.toString(16);
            return [text(`${zeros}${digits}${extension}\r\n`), content[i] as Buffer, text("\r\n")];
          });
          const body = Buffer.concat([...framed, text(`0\r\n${end}\r\n`)]);
          const got = read(CHUNKED, cut(Buffer.concat([body, after]), at));
          expect(got.content.equals(Buffer.concat(content))).toBe(true);
          expect(got.end).toBe(body.length);
        },
      ),
    );
  });

  test("a body that lasts until the connection closes has no end of its own", () => {
    fc.assert(
      fc.property(anyBytes(300), cuts, (body, at) => {
        const { content, end } = read({ kind: "close" }, cut(body, at));
        expect(content).toEqual(body);
        expect(end).toBe(-1);
      }),
    );
  });

  test("malformed chunks are refused and never misread", () => {
    fc.assert(
      fc.property(fc.constantFrom(...MALFORMED), cuts, ([, body], at) => {
        expect(() => read(CHUNKED, cut(text(body), at))).toThrow(MalformedMessage);
      }),
    );
  });
});

const MALFORMED: [string, string][] = [
  ["no size", "\r\nabc\r\n"],
  ["no number", "xyz\r\n"],
  ["a negative size", "-1\r\na\r\n"],
  ["a prefixed size", "0x1\r\na\r\n"],
  ["a size with a sign", "+1\r\na\r\n"],
  ["a size that overflows", "1000000000000\r\n"],
  ["a space before the size", " 1\r\na\r\n"],
  ["a space after the size", "1 \r\na\r\n"],
  ["an extension with a control character", "1;a\x00b\r\na\r\n"],
  ["a bare CR in an extension", "1;a\rb\r\na\r\n"],
  ["a bare LF after the size", "1\na\r\n0\r\n\r\n"],
  ["a bare LF after the content", "1\r\na\n0\r\n\r\n"],
  ["a bare LF after the last size", "0\n\r\n"],
  ["a bare LF at the end", "0\r\n\n"],
  ["more content than the size says", "1\r\nab\r\n0\r\n\r\n"],
  ["no line end after the content", "1\r\na0\r\n\r\n"],
  ["a trailer without a colon", "0\r\nx\r\n\r\n"],
  ["a trailer with a space before the colon", "0\r\nx : 1\r\n\r\n"],
  ["a folded trailer", "0\r\nx: 1\r\n 2\r\n\r\n"],
  ["a control character in a trailer", "0\r\nx: \x00\r\n\r\n"],
];

test.each(MALFORMED)("chunks with %s are malformed", (_, body) => {
  expect(() => read(CHUNKED, [text(body)])).toThrow(MalformedMessage);
});

test.each([
  ["a size line", "1;" + "a".repeat(9_000)],
  ["a complete size line", `1;${"a".repeat(9_000)}\r\na\r\n`],
  ["a trailer", "0\r\nx: " + "a".repeat(9_000)],
  ["all trailers together", `0\r\n${`x: ${"a".repeat(1_000)}\r\n`.repeat(20)}\r\n`],
])("%s cannot fill the memory", (_, body) => {
  expect(() => read(CHUNKED, [text(body)])).toThrow(MalformedMessage);
  expect(() => read(CHUNKED, [...body].map(text))).toThrow(MalformedMessage);
});

test("a message without a body consumes no bytes that follow", () => {
  expect(read({ kind: "none" }, [text("GET /")])).toMatchObject({ end: 0, calls: 0 });
});

test("a body of a known length is delivered as it arrives, without waiting for the rest", () => {
  const got: string[] = [];
  const reader = bodyReader({ kind: "length", bytes: 6 });
  expect(reader.push(text("abc"), (bytes) => got.push(bytes.toString()))).toBe(-1);
  expect(got).toEqual(["abc"]);
  expect(reader.push(text(""), (bytes) => got.push(bytes.toString()))).toBe(-1);
  expect(reader.push(text("defGET /"), (bytes) => got.push(bytes.toString()))).toBe(3);
  expect(got).toEqual(["abc", "def"]);
});

test("a part of a chunk is delivered before the chunk is complete", () => {
  expect(read(CHUNKED, [text("5\r\nab")])).toMatchObject({ content: text("ab"), end: -1 });
});

test("tiny chunks that arrive together are joined, and long ones are delivered unchanged", () => {
  const tiny = text("1\r\na\r\n".repeat(5_000) + LAST_CHUNK);
  expect(read(CHUNKED, [tiny])).toMatchObject({
    content: Buffer.alloc(5_000, "a"),
    calls: 1,
    end: tiny.length,
  });
  const long = text(`1000\r\n${"a".repeat(4_096)}\r\n`.repeat(5) + LAST_CHUNK);
  expect(read(CHUNKED, [long])).toMatchObject({ calls: 5, end: long.length });
});

test("a written chunk is read as the same content", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 600 }), { maxLength: 5 }), (contents) => {
      const chunks = contents.map((content) => {
        const bytes = Buffer.from(content);
        return Buffer.concat([text(chunkHead(bytes)), bytes, text("\r\n")]);
      });
      const got = read(CHUNKED, [...chunks, text(LAST_CHUNK)]);
      expect(got.content).toEqual(Buffer.concat(contents));
    }),
  );
});
