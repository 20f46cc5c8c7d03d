import Type from "typebox";
import { Check } from "typebox/schema";
import { regex } from "../../../route-fields/match/match.ts";
import { DEAD, type Automaton, OWN, Undecidable } from "./automaton.ts";

/**
 * The program that RE2 compiles an expression to (Russ Cox, "Regular Expression Matching: the Virtual Machine
 * Approach"). The mesh's matcher runs the same program.
 */
const Program = Type.Object({
  start: Type.Integer(),
  inst: Type.Array(
    Type.Object({
      op: Type.Integer({ minimum: 1, maximum: 13 }),
      out: Type.Integer(),
      arg: Type.Integer(),
      runes: Type.Unknown(),
    }),
  ),
});

interface Instruction {
  op: number;
  out: number;
  arg: number;
  /** One character, or pairs of a first and a last one. */
  runes: Int32Array;
}

// The numbers of instructions and of empty-width assertions, as in RE2's sources.
const OP = {
  ALT: 1,
  ALT_MATCH: 2,
  CAPTURE: 3,
  EMPTY_WIDTH: 4,
  FAIL: 5,
  MATCH: 6,
  NOP: 7,
  RUNE: 8,
  RUNE1: 9,
  RUNE_ANY: 10,
  RUNE_ANY_NOT_NL: 11,
} as const;
const EMPTY = {
  BEGIN_LINE: 1,
  END_LINE: 2,
  BEGIN_TEXT: 4,
  END_TEXT: 8,
  BOUNDARY: 16,
  NO_BOUNDARY: 32,
} as const;
const FOLD_CASE = 1;
const NEWLINE = 10;
const NO_CHAR = -1;

// An expression with more states was probably written to explode.
const MOST_STATES = 4_000;

/**
 * Accepts the texts that a regular expression of RE2 matches in full.
 * @throws Undecidable if the automaton would be too large
 */
export function regexAutomaton(source: string): Automaton {
  const program: unknown = Object.getOwnPropertyDescriptor(regex(source).re2(), "prog")?.value;
  if (!Check(Program, program))
    throw new Undecidable(`the regular expression ${source} was compiled to an unknown program`);
  const { start } = program;
  const inst = program.inst.map((one): Instruction => ({ ...one, runes: runesOf(one.runes) }));
  const instruction = (pc: number): Instruction => inst[pc] as Instruction;
  const readers = inst.filter(({ op }) => op >= OP.RUNE && op <= OP.RUNE_ANY_NOT_NL);
  const unknown = inst.find(({ op }) => op > OP.RUNE_ANY_NOT_NL);
  if (unknown !== undefined)
    throw new Undecidable(`the regular expression ${source} looks behind, which cannot be decided`);

  // A state is the set of instructions before the next position between two characters, with the kind of the
  // character before it.
  const states: { pcs: readonly number[]; before: number }[] = [];
  const byKey = new Map<string, number>();
  const steps = new Map<number, number>();
  const first = stateOf([start], NO_CHAR);
  return {
    start: first,
    next(state, char) {
      if (state < OWN) return state;
      const key = state * 256 + char;
      let after = steps.get(key);
      if (after === undefined) {
        after = step(state, char);
        steps.set(key, after);
      }
      return after;
    },
    accepts(state) {
      if (state < OWN) return state !== DEAD;
      const { pcs, before } = states[state - OWN] as (typeof states)[number];
      return reached(pcs, before, NO_CHAR).some((pc) => instruction(pc).op === OP.MATCH);
    },
    sign: (char) =>
      `${readers.map((reader) => (reads(reader, char) ? 1 : 0)).join("")}${isWord(char) ? "w" : ""}${char === NEWLINE ? "n" : ""}`,
  };

  function step(state: number, char: number): number {
    const { pcs, before } = states[state - OWN] as (typeof states)[number];
    const after = reached(pcs, before, char).flatMap((pc) => {
      const { out } = instruction(pc);
      return reads(instruction(pc), char) ? [out] : [];
    });
    return after.length === 0
      ? DEAD
      : stateOf(
          [...new Set(after)].sort((a, b) => a - b),
          char,
        );
  }

  function stateOf(pcs: readonly number[], char: number): number {
    const before = kindOf(char);
    const key = `${pcs.join()} ${before}`;
    let state = byKey.get(key);
    if (state === undefined) {
      if (states.length >= MOST_STATES)
        throw new Undecidable(`the regular expression ${source} needs more than ${MOST_STATES} states`);
      state = OWN + states.length;
      states.push({ pcs, before });
      byKey.set(key, state);
    }
    return state;
  }

  /**
   * Returns the instructions that read a character or match, reachable from others at a position between two
   * characters.
   */
  function reached(from: readonly number[], before: number, after: number): number[] {
    const here = emptyAt(before, after);
    const seen = new Set<number>();
    const found: number[] = [];
    const open = [...from];
    for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
      if (seen.has(pc)) continue;
      seen.add(pc);
      const { op, out, arg } = instruction(pc);
      if (op === OP.ALT || op === OP.ALT_MATCH) open.push(out, arg);
      else if (op === OP.CAPTURE || op === OP.NOP) open.push(out);
      else if (op === OP.EMPTY_WIDTH) {
        if ((arg & ~here) === 0) open.push(out);
      } else if (op !== OP.FAIL) found.push(pc);
    }
    return found;
  }
}

function runesOf(runes: unknown): Int32Array {
  if (runes instanceof Int32Array) return runes;
  throw new Undecidable("a regular expression was compiled to an unknown program");
}

function reads({ op, arg, runes }: Instruction, char: number): boolean {
  if (op === OP.RUNE_ANY) return true;
  if (op === OP.RUNE_ANY_NOT_NL) return char !== NEWLINE;
  if (op !== OP.RUNE && op !== OP.RUNE1) return false;
  if (runes.length === 1)
    return (arg & FOLD_CASE) === 0 ? runes[0] === char : sameLetter(runes[0] ?? 0, char);
  for (let i = 0; i + 1 < runes.length; i += 2)
    if (char >= (runes[i] ?? 0) && char <= (runes[i + 1] ?? 0)) return true;
  return false;
}

// Only these two characters beyond ASCII fold to an ASCII letter: the Kelvin sign and the long s.
const FOLDED: ReadonlyMap<number, number> = new Map([
  [0x212a, 0x6b],
  [0x17f, 0x73],
]);

function sameLetter(rune: number, char: number): boolean {
  const lower = (code: number): number => (code >= 65 && code <= 90 ? code + 32 : (FOLDED.get(code) ?? code));
  return lower(rune) === lower(char);
}

/** Classifies the character before a position: none, a newline, a word character, or another. */
function kindOf(char: number): number {
  if (char === NO_CHAR || char === NEWLINE) return char;
  return isWord(char) ? 97 : 32;
}

function emptyAt(before: number, after: number): number {
  let flags = 0;
  if (before === NO_CHAR) flags |= EMPTY.BEGIN_TEXT | EMPTY.BEGIN_LINE;
  if (before === NEWLINE) flags |= EMPTY.BEGIN_LINE;
  if (after === NO_CHAR) flags |= EMPTY.END_TEXT | EMPTY.END_LINE;
  if (after === NEWLINE) flags |= EMPTY.END_LINE;
  return flags | (isWord(before) === isWord(after) ? EMPTY.NO_BOUNDARY : EMPTY.BOUNDARY);
}

function isWord(char: number): boolean {
  return (
    (char >= 48 && char <= 57) || (char >= 65 && char <= 90) || char === 95 || (char >= 97 && char <= 122)
  );
}
