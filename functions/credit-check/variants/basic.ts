import { t, type Static } from "elysia";
import { screenByExactName } from "../rules/screen.ts";
import type { Variant } from "../variant.ts";

const Answer = t.Object(
  { type: t.Literal("BASIC"), blackListed: t.Boolean(), backgroundCheckPass: t.Boolean() },
  { additionalProperties: false, description: "The answer of the basic credit check" },
);

const nothingFound: Static<typeof Answer> = { type: "BASIC", blackListed: false, backgroundCheckPass: true };

/** The check that has been in production: two findings. */
export const basic: Variant = {
  name: "basic",
  answer: Answer,
  example: nothingFound,
  check: (applicant, context) =>
    applicant === undefined ? nothingFound : { type: "BASIC", ...screenByExactName(applicant, context) },
};
