import { FormatRegistry } from "@sinclair/typebox";
import { t, type Static } from "elysia";

const DATE = "calendar-date";
FormatRegistry.Set(DATE, isDate);

/** The example in the documentation: the fictional person of ICAO 9303. */
const EXAMPLE = {
  applicantId: "A-1001",
  name: "Anna Maria Eriksson",
  dateOfBirth: "1974-08-12",
  nationality: "SE",
  employment: { status: "employed", months: 30 },
  creditUsage: { limit: 5000, used: 1200, latePayments: 0 },
  military: { trained: false },
};

const strict = { additionalProperties: false } as const;
const name = () => t.String({ minLength: 1, maxLength: 200, pattern: "\\S" });
const months = (description: string) => t.Integer({ minimum: 0, maximum: 1200, description });
const amount = (description: string) => t.Number({ minimum: 0, maximum: 1e12, description });

/** An applicant. Only the id and the name are required; a missing field is never a finding. */
export const Applicant = t.Object(
  {
    applicantId: t.String({
      pattern: "^[\\x21-\\x7e]{1,128}$",
      description: "The bank's id of the applicant",
    }),
    name: name(),
    aliases: t.Optional(t.Array(name(), { maxItems: 20 })),
    dateOfBirth: t.Optional(t.String({ format: DATE, description: "YYYY-MM-DD" })),
    nationality: t.Optional(t.String({ pattern: "^[A-Z]{2}$", description: "ISO 3166-1 alpha-2" })),
    passport: t.Optional(
      t.Object(
        {
          mrz: t.String({
            pattern: "^P[A-Z0-9<]{43}\\n[A-Z0-9<]{44}$",
            description: "The machine-readable zone (ICAO 9303, TD3): two lines of 44 characters",
          }),
        },
        strict,
      ),
    ),
    employment: t.Optional(
      t.Object(
        {
          status: t.Union(
            ["employed", "self-employed", "unemployed", "student", "retired"].map((value) =>
              t.Literal(value),
            ),
          ),
          months: t.Optional(months("The duration of this status")),
          dismissedForCause: t.Optional(t.Boolean()),
        },
        strict,
      ),
    ),
    creditUsage: t.Optional(
      t.Object(
        {
          limit: amount("The sum of all limits, in one currency"),
          used: amount("The used part of the limits"),
          latePayments: t.Optional(months("Payments over 30 days late, within two years")),
          defaults: t.Optional(months("Defaulted loans, within seven years")),
        },
        strict,
      ),
    ),
    military: t.Optional(
      t.Object({ trained: t.Optional(t.Boolean()), months: t.Optional(months("Months of service")) }, strict),
    ),
  },
  { ...strict, description: "The applicant", example: EXAMPLE },
);
/** An applicant, as a type. */
export type Applicant = Static<typeof Applicant>;

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
