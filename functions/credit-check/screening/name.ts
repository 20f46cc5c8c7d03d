import anyAscii from "any-ascii";

/** A normalised personal name: its tokens in written order. */
export interface Name {
  readonly tokens: readonly string[];
  /** All tokens without spaces. */
  readonly joined: string;
}

const TITLES =
  words(`mr mrs ms miss dr prof professor sir dame lord lady monsieur madame herr frau senor president
  prasident prezident sheikh shaikh sheik haji hajji imam general colonel jr sr sa llc inc ltd gmbh ag`);

/** Particles of a name, which do not identify a person alone. */
const PARTICLES = words("al bin bint de da del der den di du el la le van von y");

/** Digits that are written instead of similar letters. */
const LOOKALIKES: Readonly<Record<string, string>> = { 0: "o", 1: "i", 3: "e", 5: "s", 9: "g" };

/**
 * Unifies different spellings of a sound, in which transliterations differ most (ISO 9, BGN/PCGN and ALA-LC for Cyrillic and
 * Arabic names). Applied in this order.
 */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/^(ibn|ben)$/, "bin"],
  [/^(el|ul)$/, "al"],
  [/^x(?=i)/, "sh"],
  [/ou|oo/g, "u"],
  [/ee|ie|ei|[jy]/g, "i"],
  [/ph/g, "f"],
  [/ck|kh|q/g, "k"],
  [/w/g, "v"],
  [/(.)\1+/g, "$1"],
];

/** Normalises a name: one alphabet, lower case, no titles, one spelling of each sound. */
export function readName(text: string): Name {
  // Lists write the family name first, followed by a comma.
  const [first = "", ...rest] = text.normalize("NFKC").split(",");
  const ascii = anyAscii([...rest, first].join(" "));
  const spaced = ascii
    .replace(/(\p{Ll})(?=\p{Lu})/gu, "$1 ")
    .replace(/['`´’.]/g, (mark) => (mark === "." ? " " : ""));
  const tokens = spaced
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((token) => token !== "" && !TITLES.has(token))
    .map(spell);
  return { tokens, joined: tokens.join("") };
}

/** Whether a token identifies a person, and is not only an initial or a particle. */
export const isTelling = (token: string): boolean => token.length > 1 && !PARTICLES.has(token);

/** Whether a token is long enough that two different ones distinguish two persons. */
export const isLong = (token: string): boolean => token.length > 3 && isTelling(token);

function spell(token: string): string {
  const letters = /[a-z]/.test(token)
    ? token.replace(/[01359]/g, (digit) => LOOKALIKES[digit] ?? digit)
    : token;
  return SPELLINGS.reduce((text, [from, to]) => text.replace(from, to), letters);
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}
