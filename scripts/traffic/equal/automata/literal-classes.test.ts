import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { domainOf } from "../request-space/parts.ts";
import { isAccepted, literal } from "./automaton.ts";
import { type Literal, literalClasses } from "./literal-classes.ts";
import { partition } from "./partition.ts";

const text = fc.oneof(
  fc.constantFrom("", "/", "/a", "/a/", "/a/b", "/ab", "/b", "a", "x ", " x", "é", "/é"),
  fc.string({ unit: fc.constantFrom("/", "a", "b", " "), maxLength: 4 }),
);
const literals = fc.uniqueArray(fc.record({ kind: fc.constantFrom("exact", "prefix"), text }), {
  selector: ({ kind, text }) => `${kind} ${text}`,
  maxLength: 12,
}) as fc.Arbitrary<Literal[]>;

describe("the classes of literals", () => {
  test.each(["uri", "header x", "query q"])("equal the classes of their automata: %s", (part) => {
    fc.assert(
      fc.property(literals, (all) => {
        const domain = domainOf(part);
        const automata = all.map(({ kind, text }) => literal(text, kind));
        const found = literalClasses(domain, all);
        const key = (accepted: ReadonlySet<number>): string => [...accepted].sort((a, b) => a - b).join();
        const expected = new Map(partition([domain], automata).map((one) => [key(one.accepted), one]));
        expect(found.map(({ accepted }) => key(accepted)).sort()).toEqual([...expected.keys()].sort());
        for (const { accepted, words, front } of found) {
          const other = expected.get(key(accepted));
          expect(front.length).toBeGreaterThanOrEqual(other?.front.length ?? 0);
          expect(words.length === 1).toBe(other?.words.length === 1);
          for (const word of [...words, ...(other?.words ?? [])]) expect(word).toStartWith(front);
          for (const word of words) {
            expect(isAccepted(domain, word)).toBe(true);
            expect(key(new Set(automata.flatMap((one, i) => (isAccepted(one, word) ? [i] : []))))).toBe(
              key(accepted),
            );
          }
        }
      }),
    );
  });

  test("are found for ten thousand paths, for which automata need too many states", () => {
    const all = Array.from({ length: 10_000 }, (_, i): Literal => ({
      kind: i % 2 === 0 ? "exact" : "prefix",
      text: `/service/${i}/items`,
    }));
    // One class for each path, and one for all other paths.
    expect(literalClasses(domainOf("uri"), all)).toHaveLength(10_001);
  });
});
