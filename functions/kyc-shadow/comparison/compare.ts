import { ANSWERED, type Answer, type FieldValue } from "./answer.ts";

/** A change of a value: from pass to fail, from fail to pass, or to another value of a field that neither passes nor fails. */
export type Change = "fail" | "pass" | "mismatch";

/** How fields are read. */
export interface Rules {
  /** The boolean fields that pass when true. All others are findings, which pass when false. */
  readonly passWhenTrue: ReadonlySet<string>;
  /** The fields that are not compared, each with the reason. */
  readonly ignored: ReadonlyMap<string, string>;
}

/** A field of one compared request. */
export interface ComparedField {
  readonly name: string;
  /** Which versions have the field. */
  readonly on: "both" | "control" | "candidate";
  /** Whether the value passes, on the side that has it; undefined if it neither passes nor fails. */
  readonly control: boolean | undefined;
  readonly candidate: boolean | undefined;
  /** From the control's first answer to the candidate's. */
  readonly change: Change | undefined;
  /** The candidate's own change: the control's second answer equals its first, or there is none. */
  readonly candidateAlone: Change | undefined;
  /** The change of the control's first answer alone: its second answer equals the candidate's. */
  readonly controlAlone: Change | undefined;
  /** From the control's first answer to its second; undefined if there is no second answer with the field. */
  readonly repeated: Change | "same" | undefined;
}

/** Whether any field differs. If so, the control gets the request again, because its first answer may be noise. */
export function differs(control: Answer, candidate: Answer, rules: Rules): boolean {
  return compare({ control, candidate }, rules).some(({ change }) => change !== undefined);
}

/**
 * Compares the answers of both versions to one request, field by field. If a version has not answered, only the field
 * `answered` is compared.
 */
export function compare(
  { control, candidate, again }: { control: Answer; candidate: Answer; again?: Answer | undefined },
  rules: Rules,
): ComparedField[] {
  const [b, c, b2] = [withAnswered(control), withAnswered(candidate), again && withAnswered(again)];
  const both = control.fields !== undefined && candidate.fields !== undefined;
  const names = both ? new Set([...b.keys(), ...c.keys()]) : [ANSWERED];
  return [...names]
    .filter((name) => !rules.ignored.has(name))
    .map((name) => compareField(name, b.get(name), c.get(name), b2 && (b2.get(name) ?? null), rules));
}

/** @param again null if the control's second answer lacks the field */
function compareField(
  name: string,
  control: FieldValue | undefined,
  candidate: FieldValue | undefined,
  again: FieldValue | null | undefined,
  rules: Rules,
): ComparedField {
  const passes = (value: FieldValue | undefined): boolean | undefined =>
    typeof value === "boolean" ? value === (name === ANSWERED || rules.passWhenTrue.has(name)) : undefined;
  const changeOf = (from: FieldValue, to: FieldValue): Change | undefined => {
    if (from === to) return undefined;
    const [before, after] = [passes(from), passes(to)];
    if (before === undefined || after === undefined) return "mismatch";
    return after ? "pass" : "fail";
  };
  const sides = { control: passes(control), candidate: passes(candidate) };
  if (control === undefined || candidate === undefined) {
    const on = control === undefined ? "candidate" : "control";
    return {
      name,
      on,
      ...sides,
      change: undefined,
      candidateAlone: undefined,
      controlAlone: undefined,
      repeated: undefined,
    };
  }
  const change = changeOf(control, candidate);
  const second = again ?? undefined;
  const repeated = second === undefined ? undefined : (changeOf(control, second) ?? "same");
  const isNoise = repeated !== undefined && repeated !== "same";
  return {
    name,
    on: "both",
    ...sides,
    change,
    candidateAlone: isNoise ? undefined : change,
    controlAlone:
      change !== undefined && isNoise && second === candidate ? changeOf(candidate, control) : undefined,
    repeated,
  };
}

function withAnswered({ fields }: Answer): ReadonlyMap<string, FieldValue> {
  return new Map([[ANSWERED, fields !== undefined], ...(fields ?? [])]);
}
