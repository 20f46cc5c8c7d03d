import type { TObject } from "@sinclair/typebox";

/** A version of the credit check. One image holds all of them; `CREDIT_CHECK_VARIANT` picks one. */
export interface Variant {
  /** As in `CREDIT_CHECK_VARIANT` and in the path `/credit-check/<name>`. */
  readonly name: string;
  /** What its answers look like. */
  readonly answer: TObject;
  /** An answer, for the documentation. */
  readonly example: Record<string, unknown>;
  /** Checks an applicant. Whatever it throws becomes the contract's error. */
  readonly check: () => Record<string, unknown> | Promise<Record<string, unknown>>;
}
