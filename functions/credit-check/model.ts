import { t, type Static } from "elysia";

/** The contract's answer when a check fails. */
export const CreditCheckError = t.Object(
  {
    errorCode: t.Literal("KYC-CRD-CHK-10001"),
    errorMessage: t.String(),
    type: t.Literal("KYC_CREDIT_CHECK"),
  },
  { additionalProperties: false, description: "A credit check that failed" },
);
/** The body of a failed check, as a type. */
export type CreditCheckError = Static<typeof CreditCheckError>;

/** The body for a check that failed, without the reason, which may contain an applicant's data. */
export const creditCheckError = (): CreditCheckError => ({
  errorCode: "KYC-CRD-CHK-10001",
  errorMessage: "error occurred when checking the credit of an applicant",
  type: "KYC_CREDIT_CHECK",
});
