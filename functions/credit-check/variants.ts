import { quote } from "../shared/config.ts";
import { nearest } from "../shared/nearest.ts";
import type { Variant } from "./variant.ts";
import { advanced } from "./variants/advanced.ts";
import { basic } from "./variants/basic.ts";
import { v3 } from "./variants/v3.ts";

/** Every variant in this image: each has a file and a line here. */
export const variants: readonly Variant[] = [
  basic, // in production
  advanced, // its successor
  v3, // shows that a further variant needs no other change
];

/** The names of the variants, in this order. */
export const variantNames: readonly string[] = variants.map((variant) => variant.name);

/**
 * Returns the variant with the given name.
 * @throws {RangeError} if there is none
 */
export function variantOf(name: string): Variant {
  const variant = variants.find((candidate) => candidate.name === name);
  if (variant === undefined) throw new RangeError(`no variant ${quote(name)}`);
  return variant;
}

/** The message for an unknown name. */
export function unknownVariant(name: string): string {
  const near = nearest(name, variantNames);
  return near === undefined ? `is ${quote(name)}` : `is ${quote(name)} (did you mean ${near}?)`;
}
