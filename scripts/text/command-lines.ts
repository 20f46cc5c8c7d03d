/** How this process was called: the program's name, and the given flags that select the place of a command. */
export interface Invocation {
  /** As the user writes it: `./kyc`, `kyc`, `kubectl kyc` or a path. */
  program: string;
  /** The flags that were given, with their values: `--dir`, `--context`, `--namespace`, `--engine`. */
  place: readonly (readonly [flag: PlaceFlag, value: string])[];
}

export type PlaceFlag = "--dir" | "--context" | "--namespace" | "--engine";

/** The flags among {@link PlaceFlag} that each command has. */
export const PLACE_FLAGS: Readonly<Record<string, readonly PlaceFlag[]>> = {
  dev: ["--dir"],
  load: ["--dir", "--context"],
  fault: ["--dir"],
  up: ["--dir", "--context", "--namespace"],
  down: ["--dir", "--context", "--namespace"],
  images: ["--dir", "--context"],
  deploy: ["--dir", "--context", "--namespace"],
  verify: ["--dir", "--context", "--namespace"],
  e2e: ["--dir", "--context", "--namespace"],
  status: ["--dir", "--context", "--namespace"],
  split: ["--dir", "--context", "--namespace", "--engine"],
  rollout: ["--dir", "--context", "--namespace", "--engine"],
  shadow: ["--dir", "--context", "--namespace", "--engine"],
  logs: ["--dir", "--context", "--namespace"],
  lint: ["--dir"],
  equal: ["--dir"],
};

let invocation: Invocation = { program: "./kyc", place: [] };

/** Sets how this process was called. The default is `./kyc`, without flags. */
export function setInvocation(given: Partial<Invocation>): void {
  invocation = { ...invocation, ...given };
}

// `./kyc` as a separate word, and the word after it.
const COMMAND_LINE = /(?<![\w/.])\.\/kyc(?![\w./-])(?: ([a-z0-9][a-z0-9-]*))?/g;

/**
 * Replaces each `./kyc COMMAND` in a text with the command to type: the program under the name by which it was called, and
 * the given flags that the command has and the line does not contain.
 */
export function withInvocation(text: string, { program, place }: Invocation = invocation): string {
  if (!text.includes("./kyc")) return text;
  return text.replace(COMMAND_LINE, (whole, command: string | undefined, at: number) => {
    if (command === undefined) return program;
    const [rest = ""] = text.slice(at + whole.length).split(/\n|\.\/kyc/, 1);
    const known = PLACE_FLAGS[command] ?? [];
    const flags = place.filter(([flag]) => known.includes(flag) && !rest.includes(`${flag} `));
    return [program, command, ...flags.flatMap(([flag, value]) => [flag, shellWord(value)])].join(" ");
  });
}

/** Replaces only the program's name in a text with the name by which it was called, for help texts. */
export function withProgramName(text: string): string {
  return withInvocation(text, { program: invocation.program, place: [] });
}

/** A word quoted for a POSIX shell. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
