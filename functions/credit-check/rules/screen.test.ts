import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse } from "mrz";
import type { Applicant } from "../../shared/applicant.ts";
import { screenByExactName, screenFully } from "./screen.ts";
import { readMrz } from "../screening/mrz.ts";
import { withoutLists, withPersons } from "../testing/contexts.ts";

const MRZ = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F3204159ZE184226B<<<<<18";
const ANNA: Applicant = { applicantId: "A-1", name: "Anna Maria Eriksson" };
const NOTHING = {
  blackListed: false,
  restrictedNational: false,
  suspiciousActivity: false,
  interpolConductBad: false,
  militaryTrained: false,
  employmentBad: false,
  creditUsageBad: false,
  backgroundCheckPass: true,
};

const found = async (more: Partial<Applicant>, ...persons: string[]) =>
  Object.entries(
    screenFully({ ...ANNA, ...more }, persons.length > 0 ? await withPersons(...persons) : withoutLists()),
  )
    .filter(([, raised]) => raised)
    .map(([flag]) => flag);

test("a missing field is never a finding", () => {
  expect(screenFully(ANNA, withoutLists())).toEqual(NOTHING);
  expect(Object.keys(screenFully(ANNA, withoutLists()))).toEqual(Object.keys(NOTHING));
});

test("the basic check compares only names, exactly as listed", async () => {
  const lists = await withPersons(
    "sanctions,ERIKSSON Anna Maria,Anna Maria Eriksson,,",
    "notices,Bo Berg,,,",
  );
  expect(screenByExactName(ANNA, lists)).toEqual({ blackListed: true, backgroundCheckPass: false });
  expect(screenByExactName({ ...ANNA, name: "Anna Eriksson" }, lists).blackListed).toBe(false);
  expect(screenByExactName({ ...ANNA, name: "Bo Berg" }, lists).blackListed).toBe(false);
});

describe("the advanced check finds", () => {
  test.each<[string, Partial<Applicant>, string[], string[]]>([
    ["a listed name in another spelling", {}, ["sanctions,Anna Marija Erikson,,,"], ["blackListed"]],
    ["a listed alias", { aliases: ["Bo Berg"] }, ["sanctions,Bo Berg,,,"], ["blackListed"]],
    ["a notice", {}, ["notices,Anna Maria Eriksson,,,"], ["interpolConductBad"]],
    [
      "nothing for a person of another age",
      { dateOfBirth: "1990-01-01" },
      ["sanctions,Anna Maria Eriksson,,1974,"],
      ["backgroundCheckPass"],
    ],
    [
      "one a year off",
      { dateOfBirth: "1975-01-01" },
      ["sanctions,Anna Maria Eriksson,,1974,"],
      ["blackListed"],
    ],
    [
      "nothing for a similar name with another nationality",
      { nationality: "SE" },
      ["sanctions,Anna Maria Eriksen,,,NO"],
      ["backgroundCheckPass"],
    ],
    ["a restricted nationality", { nationality: "IR" }, [], ["restrictedNational"]],
    [
      "a dismissal for cause",
      { employment: { status: "employed", dismissedForCause: true } },
      [],
      ["employmentBad"],
    ],
    ["long unemployment", { employment: { status: "unemployed", months: 12 } }, [], ["employmentBad"]],
    [
      "nothing in a short one",
      { employment: { status: "unemployed", months: 11 } },
      [],
      ["backgroundCheckPass"],
    ],
    ["a default", { creditUsage: { limit: 100, used: 0, defaults: 1 } }, [], ["creditUsageBad"]],
    ["credit that is used up", { creditUsage: { limit: 100, used: 91 } }, [], ["creditUsageBad"]],
    ["nothing in unused credit", { creditUsage: { limit: 0, used: 0 } }, [], ["backgroundCheckPass"]],
    [
      "military training, which fails no check",
      { military: { months: 3 } },
      [],
      ["militaryTrained", "backgroundCheckPass"],
    ],
    [
      "a good passport",
      { passport: { mrz: withExpiry("300415") }, dateOfBirth: "1974-08-12" },
      [],
      ["backgroundCheckPass"],
    ],
    [
      "a wrong check digit",
      { passport: { mrz: MRZ.replace("L898902C3", "L898902C4") } },
      [],
      ["suspiciousActivity"],
    ],
    ["an expired passport", { passport: { mrz: withExpiry("251231") } }, [], ["suspiciousActivity"]],
    [
      "another name in the passport",
      { name: "Bo Berg", passport: { mrz: withExpiry("300415") } },
      [],
      ["suspiciousActivity"],
    ],
    [
      "another date of birth in the passport",
      { dateOfBirth: "1974-08-13", passport: { mrz: withExpiry("300415") } },
      [],
      ["suspiciousActivity"],
    ],
  ])("%s", async (_what, applicant, persons, flags) => {
    expect(await found(applicant, ...persons)).toEqual(flags);
  });
});

describe("the machine-readable zone", () => {
  test("has the check digits of an independent implementation", () => {
    const character = fc.constantFrom(..."0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<");
    fc.assert(
      fc.property(fc.nat(43), character, (at, put) => {
        const [first = "", second = ""] = MRZ.split("\n");
        const changed = second.slice(0, at) + put + second.slice(at + 1);
        const digits = parse([first, changed], { autocorrect: false }).details.filter(({ field }) =>
          /CheckDigit$/.test(field ?? ""),
        );
        expect(readMrz(`${first}\n${changed}`).digitsHold).toBe(digits.every(({ valid }) => valid));
      }),
    );
  });
});

/** The same passport with another date of expiry, and its check digits. */
function withExpiry(date: string): string {
  const [first = "", second = ""] = MRZ.split("\n");
  const before = second.slice(0, 21) + date;
  for (let digits = 0; digits < 100; digits++) {
    const [own, all] = String(digits).padStart(2, "0");
    const changed = `${before}${own}${second.slice(28, 43)}${all}`;
    if (readMrz(`${first}\n${changed}`).digitsHold) return `${first}\n${changed}`;
  }
  throw new Error("no check digits fit");
}
