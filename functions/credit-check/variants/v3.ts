import { t, type Static } from "elysia";
import { screenFully } from "../rules/screen.ts";
import type { Variant } from "../variant.ts";

const Answer = t.Object(
  {
    type: t.Literal("V3"),
    blackListed: t.Boolean(),
    restrictedNational: t.Boolean(),
    suspiciousActivity: t.Boolean(),
    interpolConductBad: t.Boolean(),
    militaryTrained: t.Boolean(),
    employmentBad: t.Boolean(),
    creditUsageBad: t.Boolean(),
    sanctioned: t.Boolean(),
    backgroundCheckPass: t.Boolean(),
  },
  { additionalProperties: false, description: "The answer of the third credit check" },
);

const nothingFound: Static<typeof Answer> = {
  type: "V3",
  blackListed: false,
  restrictedNational: false,
  suspiciousActivity: false,
  interpolConductBad: false,
  militaryTrained: false,
  employmentBad: false,
  creditUsageBad: false,
  sanctioned: false,
  backgroundCheckPass: true,
};

/** The next version: the flags of the advanced check, and one that the aggregator does not know. */
export const v3: Variant = {
  name: "v3",
  answer: Answer,
  example: nothingFound,
  check(applicant, context) {
    if (applicant === undefined) return nothingFound;
    const { backgroundCheckPass, ...findings } = screenFully(applicant, context);
    return { type: "V3", ...findings, sanctioned: findings.blackListed, backgroundCheckPass };
  },
};
