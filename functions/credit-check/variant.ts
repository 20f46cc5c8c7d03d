import type { TObject } from "@sinclair/typebox";

/** A version of the credit check. One image holds all of them; `CREDIT_CHECK_VARIANT` picks one. */
export type Variant = AnsweringAtOnce | AnsweringLater;

interface AnsweringAtOnce extends VariantParts {
  readonly later?: false;
  /** Checks an applicant. Whatever it throws becomes the contract's error. */
  readonly check: () => Record<string, unknown>;
}

interface AnsweringLater extends VariantParts {
  /** It has to ask somebody: a route that awaits its answer costs each request more than all else that it does. */
  readonly later: true;
  readonly check: () => Promise<Record<string, unknown>>;
}

interface VariantParts {
  /** As in `CREDIT_CHECK_VARIANT` and in the path `/credit-check/<name>`. */
  readonly name: string;
  /** What its answers look like. */
  readonly answer: TObject;
  /** An answer, for the documentation. */
  readonly example: Record<string, unknown>;
}
