import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { regex } from "../../../route-fields/match/match.ts";
import {
  endingWith,
  followedBy,
  isAccepted,
  literal,
  replacingFront,
  textOf,
  Undecidable,
} from "./automaton.ts";
import { partition } from "./partition.ts";
import { regexAutomaton } from "./regex.ts";

const ascii = fc.string({ unit: "grapheme-ascii", maxLength: 8 });
const letters = fc.string({ unit: fc.constantFrom(..."abAB/.-1k \n"), maxLength: 8 });

const EXPRESSIONS = [
  "a*b",
  "(a|b)*a(a|b)",
  "(?i)ab?K",
  "[^a-y]+",
  "\\w+\\b.*",
  "a\\Bb|a\\b",
  "^a$",
  "(?m)a$\n^b",
  "(?s).{2,3}",
  ".{2,3}",
  "\\pL+",
  "[[:alpha:]]\\d?",
  "\\Qa.b\\E|",
  "(a*)*",
  "a{0}",
  "(?i)\u212a|\u017f",
  "$a",
];

describe("an automaton of a regular expression", () => {
  test.each(EXPRESSIONS)("accepts exactly the full matches of RE2: %j", (source) => {
    const automaton = regexAutomaton(source);
    fc.assert(
      fc.property(fc.oneof(letters, ascii), (text) => {
        expect(isAccepted(automaton, text)).toBe(regex(source).testExact(text));
      }),
      { numRuns: 300 },
    );
  });

  test("is refused if it needs too many states", () => {
    const automaton = regexAutomaton(`(a|b)*a(a|b){40}`);
    expect(() => partition([textOf(() => true)], [automaton])).toThrow(Undecidable);
  });
});

describe("an automaton of a text", () => {
  test("accepts the text, or every text with that prefix, optionally in any letter case", () => {
    fc.assert(
      fc.property(letters, letters, fc.boolean(), (wanted, text, isCaseless) => {
        const [a, b] = isCaseless ? [wanted.toLowerCase(), text.toLowerCase()] : [wanted, text];
        expect(isAccepted(literal(wanted, "exact", isCaseless), text)).toBe(a === b);
        expect(isAccepted(literal(wanted, "prefix", isCaseless), text)).toBe(b.startsWith(a));
      }),
      { numRuns: 500 },
    );
  });

  test("accepts texts with a replaced prefix or an added suffix", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...EXPRESSIONS),
        letters,
        fc.nat(3),
        letters,
        (source, text, dropped, other) => {
          const automaton = regexAutomaton(source);
          if (text.length >= dropped) {
            const changed = replacingFront(automaton, dropped, other);
            expect(isAccepted(changed, text)).toBe(isAccepted(automaton, other + text.slice(dropped)));
          }
          expect(isAccepted(followedBy(automaton, other), text)).toBe(isAccepted(automaton, text + other));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("accepts every longer text with the suffix", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 4 }),
        fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 }),
        (end, text) => {
          expect(isAccepted(endingWith(end), text)).toBe(text.length > end.length && text.endsWith(end));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("refuses letters beyond ASCII", () => {
    expect(() => isAccepted(literal("é", "exact"), "é")).toThrow(Undecidable);
  });
});

describe("a partition", () => {
  const domain = textOf((char) => char > 32 && char < 127);
  const conditions = fc.array(
    fc.oneof(
      fc.tuple(
        fc.constantFrom("exact" as const, "prefix" as const),
        fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 4 }),
      ),
      fc.tuple(
        fc.constant("regex" as const),
        fc.constantFrom("a*b", "(a|b)*a", "[^a]+", ".*/.*", "(?i)ab", ""),
      ),
    ),
    { maxLength: 5 },
  );
  const machinesOf = (list: readonly (readonly ["exact" | "prefix" | "regex", string])[]) =>
    list.map(([kind, text]) => (kind === "regex" ? regexAutomaton(text) : literal(text, kind)));

  test("has each text in exactly one class, given by the automata that accept it", () => {
    fc.assert(
      fc.property(
        conditions,
        fc.string({ unit: fc.constantFrom(..."abAB/x"), maxLength: 6 }),
        (list, text) => {
          const automata = machinesOf(list);
          const accepting = automata.flatMap((automaton, i) => (isAccepted(automaton, text) ? [i] : []));
          const found = partition([domain], automata).filter(
            ({ accepted }) => [...accepted].join() === accepting.join(),
          );
          expect(found).toHaveLength(1);
          expect(text.startsWith(found[0]?.front ?? "?")).toBe(true);
          if (found[0]?.words.length === 1) expect(found[0].words).toEqual([text]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("has examples from each class, several unless it has only one text", () => {
    fc.assert(
      fc.property(conditions, (list) => {
        const automata = machinesOf(list);
        for (const { accepted, words, front } of partition([domain], automata)) {
          expect(words.length).toBeGreaterThan(0);
          for (const word of words) {
            expect(automata.flatMap((automaton, i) => (isAccepted(automaton, word) ? [i] : []))).toEqual([
              ...accepted,
            ]);
            expect(word.startsWith(front)).toBe(true);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
