/**
 * A deterministic automaton over ASCII characters, built state by state on demand. Its states are numbers; `DEAD` and
 * `ALL` have the same meaning in every automaton.
 */
export interface Automaton {
  readonly start: number;
  /** Returns the state after one more character, given by its code. */
  next(state: number, char: number): number;
  accepts(state: number): boolean;
  /** Characters with the same sign lead to the same states from every state. */
  sign(char: number): string | number;
}

/** No continuation is accepted. */
export const DEAD = 0;
/** Every continuation is accepted. */
export const ALL = 1;
/** The first number that an automaton may use for its own states. */
export const OWN = 2;

/** The number of characters in ASCII. */
export const CHARS = 128;

/** A question that could not be decided; the message explains it to the user. */
export class Undecidable extends Error {
  override readonly name = "Undecidable";
}

/** Accepts one text, or every text with that prefix. @param caseless whether `A` to `Z` equal `a` to `z` */
export function literal(text: string, kind: "exact" | "prefix", caseless = false): Automaton {
  const fold = (char: number): number => (caseless && char >= 65 && char <= 90 ? char + 32 : char);
  const wanted = Array.from(text, (char) => fold(char.charCodeAt(0)));
  const known = new Set(wanted);
  const whole = kind === "prefix" ? ALL : OWN + wanted.length;
  return {
    start: wanted.length === 0 ? whole : OWN,
    next(state, char) {
      if (state < OWN) return state;
      if (wanted[state - OWN] !== fold(char)) return DEAD;
      return state - OWN + 1 === wanted.length ? whole : state + 1;
    },
    accepts: (state) => state === ALL || state === OWN + wanted.length,
    sign: (char) => (known.has(fold(char)) ? fold(char) : -1),
  };
}

/** Accepts texts of the allowed characters; the first character can be restricted further. */
export function textOf(allowed: (char: number) => boolean, first = allowed, mayBeEmpty = true): Automaton {
  return {
    start: OWN,
    next(state, char) {
      if (state === DEAD) return DEAD;
      return (state === OWN ? first : allowed)(char) ? OWN + 1 : DEAD;
    },
    accepts: (state) => state === OWN + 1 || (mayBeEmpty && state === OWN),
    sign: (char) => (first(char) ? 1 : 0) + (allowed(char) ? 2 : 0),
  };
}

/** Accepts a text if the automaton accepts it with a number of leading characters replaced by another text. */
export function replacingFront(automaton: Automaton, dropped: number, text: string): Automaton {
  const inner = runOn(automaton, automaton.start, text);
  if (dropped === 0) return { ...automaton, start: inner };
  const shifted = (state: number): number => (state < OWN ? state : state + dropped);
  return {
    start: OWN,
    next(state, char) {
      if (state < OWN) return state;
      if (state < OWN + dropped - 1) return state + 1;
      if (state === OWN + dropped - 1) return shifted(inner);
      return shifted(automaton.next(state - dropped, char));
    },
    accepts: (state) => state === ALL || (state >= OWN + dropped && automaton.accepts(state - dropped)),
    sign: (char) => automaton.sign(char),
  };
}

/** Accepts a text if the automaton accepts it followed by a suffix. */
export function followedBy(automaton: Automaton, text: string): Automaton {
  return { ...automaton, accepts: (state) => automaton.accepts(runOn(automaton, state, text)) };
}

/** Accepts every longer text with this suffix. */
export function endingWith(text: string): Automaton {
  const codes = Array.from(text, (char) => char.charCodeAt(0));
  const known = new Set(codes);
  // For each number of matching characters, the number that still match after a mismatch. (Knuth, Morris, Pratt)
  const shorter: number[] = [0];
  for (let i = 1, fit = 0; i < codes.length; i++) {
    while (fit > 0 && codes[i] !== codes[fit]) fit = shorter[fit - 1] ?? 0;
    if (codes[i] === codes[fit]) fit++;
    shorter.push(fit);
  }
  const begun = OWN + 1;
  return {
    start: OWN,
    next(state, char) {
      if (state < OWN) return state;
      if (state === OWN) return begun;
      let fit = state - begun;
      if (fit === codes.length) fit = shorter[fit - 1] ?? 0;
      while (fit > 0 && codes[fit] !== char) fit = shorter[fit - 1] ?? 0;
      return begun + (codes[fit] === char ? fit + 1 : 0);
    },
    accepts: (state) => state === begun + codes.length,
    sign: (char) => (known.has(char) ? char : -1),
  };
}

/** Whether the automaton accepts a text. */
export function isAccepted(automaton: Automaton, text: string): boolean {
  return automaton.accepts(runOn(automaton, automaton.start, text));
}

function runOn(automaton: Automaton, state: number, text: string): number {
  let at = state;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char >= CHARS) throw new Undecidable(`${JSON.stringify(text)} has letters beyond ASCII`);
    at = automaton.next(at, char);
  }
  return at;
}
