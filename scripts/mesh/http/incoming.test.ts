import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MalformedMessage, MAX_HEAD_BYTES } from "./head.ts";
import { Incoming } from "./incoming.ts";

const text = (value: string): Buffer => Buffer.from(value, "latin1");

function incoming(...pieces: string[]): Incoming {
  const all = new Incoming();
  for (const piece of pieces) all.push(text(piece));
  return all;
}

test("returns the pushed bytes for any sequence of push, take and skip", () => {
  const piece = fc.string({ unit: fc.constantFrom("a", "b", "\r\n"), minLength: 1, maxLength: 200 });
  const action = fc.oneof(
    piece.map((value) => ({ kind: "push" as const, value })),
    fc.constant({ kind: "takeAll" as const }),
    fc.constant({ kind: "skip" as const }),
    fc.constant({ kind: "head" as const }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const all = new Incoming();
      let model = "";
      const taken: { bytes: Buffer; expected: string }[] = [];
      for (const action of actions) {
        if (action.kind === "push") {
          all.push(text(action.value));
          model += action.value;
        } else if (action.kind === "takeAll") {
          taken.push({ bytes: all.takeAll(), expected: model });
          model = "";
        } else if (action.kind === "skip") {
          all.skipEmptyLines();
          model = model.replace(/^(\r\n)+/, "");
        } else {
          const end = model.indexOf("\r\n\r\n");
          expect(all.takeHead()).toBe(end < 0 ? undefined : model.slice(0, end));
          if (end >= 0) model = model.slice(end + 4);
        }
        expect(all.length).toBe(model.length);
      }
      // Later bytes have not overwritten the taken ones.
      for (const { bytes, expected } of taken) expect(bytes.toString("latin1")).toBe(expected);
    }),
  );
});

describe("a head", () => {
  test("is found if its end arrives in pieces", () => {
    for (const cut of [1, 2, 3, 4, 5]) {
      const whole = "GET / HTTP/1.1\r\n\r\n";
      const all = incoming(whole.slice(0, -cut));
      expect(all.takeHead()).toBeUndefined();
      all.push(text(`${whole.slice(-cut)}rest`));
      expect(all.takeHead()).toBe("GET / HTTP/1.1");
      expect(all.takeAll().toString()).toBe("rest");
    }
  });

  test("may be as long as the limit but no longer, complete or not", () => {
    const longest = "a".repeat(MAX_HEAD_BYTES);
    expect(incoming(`${longest}\r\n\r\n`).takeHead()).toBe(longest);
    expect(() => incoming(`${longest}a\r\n\r\n`).takeHead()).toThrow(MalformedMessage);
    expect(() => incoming(`${longest}a`).takeHead()).toThrow(MalformedMessage);
  });

  test.each([
    ["a bare LF", ["GET / HTTP/1.1\n"]],
    ["a bare LF in a separate piece", ["GET / HTTP/1.1", "\n"]],
    ["a bare LF after good lines", ["GET / HTTP/1.1\r\na: b\r", "\nc: d\n"]],
    ["a TLS handshake", ["\x16\x03\x01\x02\x00\x01"]],
    ["a LF ahead", ["\n"]],
    ["a space ahead", [" GET"]],
    ["a leading byte beyond ASCII", ["\xff"]],
  ])("is refused before it is complete for %s", (_, pieces) => {
    const all = new Incoming();
    expect(() => {
      for (const piece of pieces) {
        all.push(text(piece));
        all.takeHead();
      }
    }).toThrow(MalformedMessage);
  });

  test("that arrives byte by byte takes linear time", () => {
    const trickle = (bytes: number): number => {
      const startedAt = performance.now();
      const all = new Incoming();
      const piece = text("a");
      for (let i = 0; i < bytes; i++) {
        all.push(piece);
        all.takeHead();
      }
      return performance.now() - startedAt;
    };
    trickle(20_000);
    // A search from the beginning each time would take seconds.
    expect(trickle(MAX_HEAD_BYTES)).toBeLessThan(500);
  });
});
