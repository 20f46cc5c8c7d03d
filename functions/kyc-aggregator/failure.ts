import { ContractError } from "../shared/http/errors.ts";
import type { FailedOutcome } from "../shared/upstream/outcome.ts";
import { kycError } from "./model.ts";

/** A sentence for the caller about each failure of the credit check. */
export const SENTENCES: Readonly<Record<FailedOutcome, string>> = {
  refused: "the credit check refused the connection",
  reset: "the credit check closed the connection before it answered",
  timeout: "the credit check took too long to answer",
  unreachable: "the credit check could not be reached",
  not_json: "the answer of the credit check could not be read",
  wrong_shape: "the answer of the credit check does not match the contract",
  too_large: "the answer of the credit check is too long",
  client_error: "the credit check did not accept the request",
  server_error: "the credit check failed",
};

/** The contract's error for a failure of the credit check. */
export const creditCheckFailed = (outcome: FailedOutcome): ContractError =>
  new ContractError(500, kycError(SENTENCES[outcome]));

/** The contract's error for an unforeseen failure. */
export const unforeseenFailure = (): ContractError =>
  new ContractError(500, kycError("an unexpected error occurred"));
