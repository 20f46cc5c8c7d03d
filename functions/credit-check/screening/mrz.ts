import { countryOfPassport } from "./country.ts";

/** The parsed machine-readable zone of a passport; dates are `YYMMDD` as printed. */
export interface Passport {
  /** Family names, then given names. */
  readonly name: string;
  readonly nationality: string | undefined;
  readonly birthDate: string;
  readonly expiryDate: string;
  /** Whether all five check digits are right. */
  readonly digitsHold: boolean;
}

const WEIGHTS = [7, 3, 1];

/**
 * Reads the two lines of a passport of size TD3 (ICAO Doc 9303 part 4, section 4.2; check digits: part 3, section 4.9).
 * @param mrz two lines of 44 characters of `A-Z`, `0-9` and `<`
 */
export function readMrz(mrz: string): Passport {
  const [first = "", second = ""] = mrz.split("\n");
  const field = (from: number, to: number): string => second.slice(from, to);
  const holds = (from: number, to: number, digit: string | undefined): boolean =>
    String(checkDigit(field(from, to))) === digit;
  const optional = field(28, 42);
  return {
    name: first.slice(5).replaceAll("<", " ").trim(),
    nationality: countryOfPassport(field(10, 13).replaceAll("<", "")),
    birthDate: field(13, 19),
    expiryDate: field(21, 27),
    digitsHold:
      holds(0, 9, second[9]) &&
      holds(13, 19, second[19]) &&
      holds(21, 27, second[27]) &&
      // Without a personal number its check digit may be omitted.
      (holds(28, 42, second[42]) || (optional === "<".repeat(14) && second[42] === "<")) &&
      String(checkDigit(field(0, 10) + field(13, 20) + field(21, 43))) === second[43],
  };
}

/** Digits have their own value, A to Z are 10 to 35, the filler is 0; weights 7, 3, 1 repeat; the sum is taken modulo 10. */
function checkDigit(text: string): number {
  let sum = 0;
  for (const [i, character] of [...text].entries())
    sum += (character === "<" ? 0 : Number.parseInt(character, 36)) * (WEIGHTS[i % 3] ?? 0);
  return sum % 10;
}
