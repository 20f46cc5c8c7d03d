import { t, type Static } from "elysia";
import { screenFully } from "../rules/screen.ts";
import type { Variant } from "../variant.ts";

const Answer = t.Object(
  {
    type: t.Literal("ADVANCED"),
    blackListed: t.Boolean(),
    restrictedNational: t.Boolean(),
    suspiciousActivity: t.Boolean(),
    interpolConductBad: t.Boolean(),
    militaryTrained: t.Boolean(),
    employmentBad: t.Boolean(),
    creditUsageBad: t.Boolean(),
    backgroundCheckPass: t.Boolean(),
  },
  { additionalProperties: false, description: "The answer of the advanced credit check" },
);

const nothingFound: Static<typeof Answer> = {
  type: "ADVANCED",
  blackListed: false,
  restrictedNational: false,
  suspiciousActivity: false,
  interpolConductBad: false,
  militaryTrained: false,
  employmentBad: false,
  creditUsageBad: false,
  backgroundCheckPass: true,
};

/** The stricter successor of the basic check: all flags. */
export const advanced: Variant = {
  name: "advanced",
  answer: Answer,
  example: nothingFound,
  check: (applicant, context) =>
    applicant === undefined ? nothingFound : { type: "ADVANCED", ...screenFully(applicant, context) },
};
