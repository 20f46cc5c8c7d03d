import type { TObject } from "@sinclair/typebox";
import type { Applicant } from "../shared/applicant.ts";
import type { ScreeningContext } from "./rules/screen.ts";

/** A version of the credit check. One image contains all of them; `CREDIT_CHECK_VARIANT` selects one. */
export type Variant = AnsweringAtOnce | AnsweringLater;

/**
 * Checks an applicant; without an applicant, the answer has no findings. Any error is answered with the contract's
 * error.
 */
type Check<Answer> = (applicant: Applicant | undefined, context: ScreeningContext) => Answer;

interface AnsweringAtOnce extends VariantParts {
  readonly later?: false;
  readonly check: Check<Record<string, unknown>>;
}

interface AnsweringLater extends VariantParts {
  /** Whether it calls another service. A check that does not answers synchronously, because an await is expensive. */
  readonly later: true;
  readonly check: Check<Promise<Record<string, unknown>>>;
}

interface VariantParts {
  /** As in `CREDIT_CHECK_VARIANT` and in the path `/credit-check/<name>`. */
  readonly name: string;
  /** The schema of its answers. */
  readonly answer: TObject;
  /** An answer, for the documentation. */
  readonly example: Record<string, unknown>;
}
