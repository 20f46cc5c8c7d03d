import { quote } from "../shared/config.ts";
import { nearest } from "../shared/nearest.ts";
import type { Variant } from "./variant.ts";
import { advanced } from "./variants/advanced.ts";
import { basic } from "./variants/basic.ts";
import { v3 } from "./variants/v3.ts";

/** Every variant in this image: a file each, and a line here. */
export const variants: readonly Variant[] = [
  basic, // in production
  advanced, // takes over from it
  v3, // shows that the one after needs no other change
];

/** Their names, in the list's order. */
export const variantNames: readonly string[] = variants.map((variant) => variant.name);

/**
 * The variant of that name.
 * @throws {RangeError} where there is none
 */
export function variantOf(name: string): Variant {
  const variant = variants.find((candidate) => candidate.name === name);
  if (variant === undefined) throw new RangeError(`no variant ${quote(name)}`);
  return variant;
}

/** The message for a name that no variant has. */
export function unknownVariant(name: string): string {
  const near = nearest(name, variantNames);
  return near === undefined ? `is ${quote(name)}` : `is ${quote(name)} (did you mean ${near}?)`;
}
