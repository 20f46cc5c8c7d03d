import { ALL, CHARS, DEAD, type Automaton, Undecidable } from "./automaton.ts";

/** Texts that the same automata accept. */
export interface WordClass {
  /** The numbers of the automata that accept them. */
  accepted: ReadonlySet<number>;
  /** The shortest of them, and up to three others; a single one if there is no other. */
  words: readonly string[];
  /** Their common prefix. */
  front: string;
}

// Far above the needs of the rules of one host; a larger table is reported as too large.
const MOST_STATES = 30_000;

/** The number of words of a class that are tried as examples. */
export const EXAMPLES = 4;

/** A joint state of all automata: the states of those that are undecided, and those that accept everything. */
interface Joint {
  live: readonly (readonly [automaton: number, state: number])[];
  all: readonly number[];
  /** Indexed by the group of characters. */
  next: number[];
}

/**
 * The number of transitions of single automata that may still be computed; several partitions can share one budget.
 */
export interface StepBudget {
  left: number;
}

/**
 * Partitions the texts of a domain by the automata that accept them.
 * @param domain a text belongs to the domain if all of these accept it
 * @throws Undecidable if there are too many states, or the budget is used up
 */
export function partition(
  domain: readonly Automaton[],
  automata: readonly Automaton[],
  budget: StepBudget = { left: Number.POSITIVE_INFINITY },
): WordClass[] {
  const every = [...domain, ...automata];
  const kinds = kindsOfCharacters(every);
  const joints = explore(every, domain.length, kinds, budget);
  const byAccepted = new Map<string, { accepted: number[]; states: number[] }>();
  for (const [i, { live, all }] of joints.entries()) {
    const accepting = live.flatMap(([m, state]) => (every[m]?.accepts(state) ? [m] : []));
    const accepted = [...accepting, ...all].sort((a, b) => a - b);
    if (domain.some((_, i) => accepted[i] !== i)) continue;
    const key = accepted.join();
    const found = byAccepted.get(key) ?? {
      accepted: accepted.slice(domain.length).map((m) => m - domain.length),
      states: [],
    };
    found.states.push(i);
    byAccepted.set(key, found);
  }
  const before = backwards(joints);
  return [...byAccepted.values()].map(({ accepted, states }) => {
    return { accepted: new Set(accepted), ...wordsTo(states, joints, before, kinds) };
  });
}

/** Groups characters that no automaton distinguishes, the most readable first in each group. */
function kindsOfCharacters(automata: readonly Automaton[]): string[][] {
  const kinds = new Map<string, string[]>();
  for (const char of READABLE) {
    const code = char.charCodeAt(0);
    const sign = automata.map((automaton) => automaton.sign(code)).join();
    const kind = kinds.get(sign) ?? [];
    kind.push(char);
    kinds.set(sign, kind);
  }
  return [...kinds.values()];
}

/** The characters of ASCII, the most readable first. */
export const READABLE: readonly string[] = [
  ..."xyzabcdefghijklmnopqrstuvw0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_./",
  ...Array.from({ length: CHARS }, (_, code) => String.fromCharCode(code)).filter((c) => !/[-\w./]/.test(c)),
];

function explore(
  automata: readonly Automaton[],
  needed: number,
  kinds: readonly (readonly string[])[],
  budget: StepBudget,
): Joint[] {
  const codes = kinds.map(([char = ""]) => char.charCodeAt(0));
  const joints: Joint[] = [];
  const byKey = new Map<string, number>();
  jointOf(
    automata.map((automaton, m) => [m, automaton.start] as const),
    [],
  );
  for (let i = 0; i < joints.length; i++) {
    const { live, all, next } = joints[i] as Joint;
    budget.left -= (live.length + 1) * codes.length;
    if (budget.left < 0) throw new Undecidable("the conditions together need too many steps");
    for (const code of codes) {
      next.push(
        jointOf(
          live.map(([m, state]) => [m, automata[m]?.next(state, code) ?? DEAD] as const),
          all,
        ),
      );
    }
  }
  return joints;

  function jointOf(states: Joint["live"], before: readonly number[]): number {
    // A text that one of the first automata rejects is outside of the domain.
    if (states.some(([m, state]) => m < needed && state === DEAD)) return jointOf([], []);
    const live = states.filter(([, state]) => state !== DEAD && state !== ALL);
    const whole = states.filter(([, state]) => state === ALL).map(([m]) => m);
    const all = whole.length === 0 ? before : [...before, ...whole].sort((a, b) => a - b);
    const key = `${live.map(([m, state]) => `${m}:${state}`).join()}|${all.join()}`;
    let joint = byKey.get(key);
    if (joint === undefined) {
      if (joints.length >= MOST_STATES)
        throw new Undecidable(`the conditions together need more than ${MOST_STATES} states`);
      joint = joints.length;
      joints.push({ live, all, next: [] });
      byKey.set(key, joint);
    }
    return joint;
  }
}

function backwards(joints: readonly Joint[]): number[][] {
  const before: number[][] = joints.map(() => []);
  for (const [i, { next }] of joints.entries()) for (const to of new Set(next)) before[to]?.push(i);
  return before;
}

/** Returns words that lead to some of the states: the shortest, and others that diverge from it. */
function wordsTo(
  states: readonly number[],
  joints: readonly Joint[],
  before: readonly (readonly number[])[],
  kinds: readonly (readonly string[])[],
): { words: string[]; front: string } {
  // The distance of each state to one of the class; states without a distance cannot reach it.
  const distance = new Map<number, number>(states.map((state) => [state, 0]));
  const open = [...states];
  for (let i = 0; i < open.length; i++) {
    const at = open[i] as number;
    for (const from of before[at] ?? []) {
      if (distance.has(from)) continue;
      distance.set(from, (distance.get(at) ?? 0) + 1);
      open.push(from);
    }
  }
  const waysFrom = (state: number): { text: string; to: number }[] =>
    (joints[state]?.next ?? []).flatMap((to, kind) =>
      distance.has(to) ? (kinds[kind] ?? []).slice(0, EXAMPLES).map((text) => ({ text, to })) : [],
    );
  const shortest = (state: number): string => {
    let [text, at] = ["", state];
    while ((distance.get(at) ?? 0) > 0) {
      const nearer = waysFrom(at).find(({ to }) => (distance.get(to) ?? 0) < (distance.get(at) ?? 0));
      if (nearer === undefined) break;
      [text, at] = [text + nearer.text, nearer.to];
    }
    return text;
  };
  const [first] = [shortest(0)];
  const words = new Set([first]);
  let [front, isFront, at] = ["", true, 0];
  for (let i = 0; i <= first.length && words.size < EXAMPLES; i++) {
    const ways = waysFrom(at);
    const own = ways.find(({ text }) => text === first[i]);
    for (const { text, to } of ways) {
      if (text !== first[i] && words.size < EXAMPLES) words.add(first.slice(0, i) + text + shortest(to));
    }
    isFront &&= words.size === 1 && own !== undefined;
    if (isFront) front += first[i];
    if (own !== undefined) at = own.to;
  }
  // An empty text is a poor example if there are others.
  const examples = [...words].sort((a, b) => (a === "" ? 1 : 0) - (b === "" ? 1 : 0));
  return { words: examples, front: words.size === 1 ? first : front };
}
