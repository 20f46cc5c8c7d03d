import { t, type Static } from "elysia";

const flag = () => t.Boolean();

/** The keys of a credit check's answer that the aggregator reads. All others are passed on unchanged. */
export const CreditCheckAnswer = t.Object(
  {
    type: t.String({ pattern: "^[A-Z][A-Z0-9_]{0,63}$" }),
    blackListed: flag(),
    restrictedNational: t.Optional(flag()),
    suspiciousActivity: t.Optional(flag()),
    interpolConductBad: t.Optional(flag()),
    militaryTrained: t.Optional(flag()),
    employmentBad: t.Optional(flag()),
    creditUsageBad: t.Optional(flag()),
    backgroundCheckPass: flag(),
  },
  { additionalProperties: true },
);
/** A checked answer of a credit check. */
export type CreditCheckAnswer = Static<typeof CreditCheckAnswer>;

/** The aggregator's answer: nine keys in this order, then those that a newer credit check adds. */
export const Customer = t.Object(
  {
    type: t.String({ description: "The version of the check that answered, such as BASIC or ADVANCED" }),
    blackListed: flag(),
    restrictedNational: flag(),
    suspiciousActivity: flag(),
    interpolConductBad: flag(),
    militaryTrained: flag(),
    employmentBad: flag(),
    creditUsageBad: flag(),
    backgroundCheckPass: flag(),
  },
  { additionalProperties: true, description: "The findings about an applicant" },
);
/** The aggregator's answer, as a type. */
export type Customer = Static<typeof Customer>;

/** The contract's answer when anything behind the aggregator fails. */
export const KycError = t.Object(
  { errorCode: t.Literal("KYC-10001"), errorMessage: t.String(), type: t.Literal("KYC") },
  { additionalProperties: false, description: "A failure behind the aggregator" },
);
/** The body of a failure, as a type. */
export type KycError = Static<typeof KycError>;

/** Makes the contract's error; `sentence` is shown to people and must contain no address and no applicant data. */
export const kycError = (sentence: string): KycError => ({
  errorCode: "KYC-10001",
  errorMessage: `error occurred when processing KYC - ${sentence}`,
  type: "KYC",
});

/** Makes the aggregator's answer from a credit check's. A flag that is missing there is false. */
export function toCustomer(answer: CreditCheckAnswer): Customer {
  const {
    type,
    blackListed,
    restrictedNational = false,
    suspiciousActivity = false,
    interpolConductBad = false,
    militaryTrained = false,
    employmentBad = false,
    creditUsageBad = false,
    backgroundCheckPass,
    ...unknownKeys
  } = answer;
  return {
    type,
    blackListed,
    restrictedNational,
    suspiciousActivity,
    interpolConductBad,
    militaryTrained,
    employmentBad,
    creditUsageBad,
    backgroundCheckPass,
    ...unknownKeys,
  };
}
