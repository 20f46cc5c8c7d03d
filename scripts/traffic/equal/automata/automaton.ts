/**
 * A deterministic automaton over ASCII characters, built state by state while it is asked. States are numbers of its
 * own; two of them mean the same in every automaton.
 */
export interface Automaton {
  readonly start: number;
  /** The state after one more character, given as its code. */
  next(state: number, char: number): number;
  accepts(state: number): boolean;
  /** Characters with the same sign lead to the same states, whatever the state. */
  sign(char: number): string | number;
}

/** Nothing that follows is accepted. */
export const DEAD = 0;
/** Everything that follows is accepted. */
export const ALL = 1;
/** The first number that a automaton may use for a state of its own. */
export const OWN = 2;

/** How many characters there are: those of ASCII. */
export const CHARS = 128;

/** What could not be decided, as a sentence for the user. */
export class Undecidable extends Error {
  override readonly name = "Undecidable";
}

/**
 * Accepts one text, or every text that begins with it.
 * @param caseless whether `A` to `Z` are as good as `a` to `z`
 */
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

/** Accepts texts of these characters alone, after a first one that may be bound to others. */
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

/** Accepts a text when the automaton accepts it with some characters fewer in front, and a text in their place. */
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

/** Accepts a text when the automaton accepts it with another text behind. */
export function followedBy(automaton: Automaton, text: string): Automaton {
  return { ...automaton, accepts: (state) => automaton.accepts(runOn(automaton, state, text)) };
}

/** Accepts what ends with a text and has something in front of it. */
export function endingWith(text: string): Automaton {
  const codes = Array.from(text, (char) => char.charCodeAt(0));
  const known = new Set(codes);
  // For each number of characters that fit, how many still fit when the next one does not. (Knuth, Morris, Pratt)
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
