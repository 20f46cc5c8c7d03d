import { Undecidable } from "../automata/automaton.ts";

/** An exact fraction of two whole numbers, in lowest terms, with a positive denominator. */
export interface Rational {
  numerator: bigint;
  denominator: bigint;
}

export const ONE: Rational = { numerator: 1n, denominator: 1n };

export function rational(numerator: bigint, denominator: bigint): Rational {
  const divisor = common(numerator < 0n ? -numerator : numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

export function plus(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

export function times(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.numerator, a.denominator * b.denominator);
}

/** Returns one minus the fraction. */
export function rest({ numerator, denominator }: Rational): Rational {
  return rational(denominator - numerator, denominator);
}

/** Converts percent, with four decimal places as in Envoy. */
export function ofPercent(percent: number): Rational {
  return rational(BigInt(Math.round(percent * 10_000)), 1_000_000n);
}

/**
 * Returns the share of each weight. A weight is an integer, or an integer divided among a few revisions of a subset.
 * @throws Undecidable if it is neither
 */
export function sharesOf(weights: readonly number[]): Rational[] {
  const exact = weights.map(exactly);
  const total = exact.reduce(plus, { numerator: 0n, denominator: 1n });
  return exact.map((weight) => times(weight, { numerator: total.denominator, denominator: total.numerator }));
}

// A subset does not have more revisions than this.
const MOST_PARTS = 1000;

function exactly(weight: number): Rational {
  for (let parts = 1; parts <= MOST_PARTS; parts++) {
    const whole = Math.round(weight * parts);
    if (whole / parts === weight) return rational(BigInt(whole), BigInt(parts));
  }
  throw new Undecidable(`the weight ${weight} is not a fraction of small numbers`);
}

/** Formats as `12.5 %` if that is exact, and else as a fraction such as `1/3`. */
export function share({ numerator, denominator }: Rational): string {
  const scaled = numerator * 100_000_000n;
  if (scaled % denominator !== 0n) return `${numerator}/${denominator}`;
  const digits = String(scaled / denominator).padStart(7, "0");
  return `${`${digits.slice(0, -6)}.${digits.slice(-6)}`.replace(/\.?0+$/, "")} %`;
}

function common(a: bigint, b: bigint): bigint {
  return b === 0n ? a : common(b, a % b);
}
