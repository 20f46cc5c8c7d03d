import { expect, test } from "bun:test";
import fc from "fast-check";
import { EVERY_REQUEST } from "../../../route-fields/match/match.ts";
import type { RequestMatch, Rule } from "../../table.ts";
import type { Condition, Dependent } from "../request-space/condition.ts";
import { keyOf } from "../request-space/condition.ts";
import { conditionsOf } from "../request-space/conditions-on-request.ts";
import { type Cell, RequestSpace, Undecided } from "../request-space/request-space.ts";
import { type Part, sent } from "../request-space/value.ts";
import { appliedIn } from "./applied-match.ts";
import { candidates, whole } from "./rules-by-path.ts";

const asSent = (part: Part): Dependent => sent(part) as Dependent;

const path = fc
  .string({ unit: fc.constantFrom("/", "a", "b"), minLength: 1, maxLength: 3 })
  .map((s) => `/${s}`);
const uri = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("exact" as const, "prefix" as const), value: path }),
  },
  fc.record({ kind: fc.constant("regex" as const), value: fc.constantFrom("/a.*", "/[ab]+", ".*b") }),
);
const match: fc.Arbitrary<RequestMatch> = fc
  .record({
    uri: fc.option(uri, { nil: undefined, freq: 6 }),
    ignoreUriCase: fc.constantFrom(false, false, false, true),
    method: fc.constantFrom(undefined, undefined, { kind: "exact" as const, value: "POST" }),
  })
  .map((own) => ({ ...EVERY_REQUEST, ...own }));
const rules = fc
  .array(fc.array(match, { minLength: 1, maxLength: 2 }), { minLength: 16, maxLength: 40 })
  .chain((lists) => fc.constantFrom(lists, [...lists, []]))
  .map((lists) =>
    lists.map((matches, i): Rule => {
      const at = { file: "a.yaml", line: i + 1, column: 1 };
      return { at, matches, action: { kind: "direct", status: 200 } as Rule["action"] };
    }),
  );

function spaceOf(all: readonly Rule[]): RequestSpace {
  const questions = new Map<Part, Map<string, readonly [Condition, Dependent]>>();
  for (const { part, condition } of all.flatMap(({ matches }) => matches.flatMap(conditionsOf))) {
    const asked = questions.get(part) ?? new Map<string, readonly [Condition, Dependent]>();
    questions.set(part, asked.set(keyOf(condition, asSent(part)), [condition, asSent(part)]));
  }
  return new RequestSpace(questions, new Map());
}

/** Returns the numbers of the rules that decide for each class of paths, by an example path. */
function decisions(all: readonly Rule[], space: RequestSpace, isIndexed: boolean): Map<string, number> {
  const found = new Map<string, number>();
  const open: Cell[] = [new Map()];
  for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
    try {
      const tried = isIndexed ? candidates(all, { space, cell }, asSent("uri")) : all.map(whole);
      const first = tried.find(
        ({ matches }) =>
          appliedIn({ matches }, (part, condition) => space.ask(cell as Cell, condition, asSent(part))) !==
          undefined,
      );
      const methods = cell.get("method") ?? [0, 1];
      const paths = cell.has("uri") ? [cell] : space.cut(cell, "uri");
      for (const one of paths.length === 0 ? [cell] : paths)
        for (const uri of one.get("uri") ?? ["all"])
          for (const method of methods) found.set(`${uri} ${method}`, first?.rule.at.line ?? 0);
    } catch (error) {
      if (!(error instanceof Undecided)) throw error;
      open.push(...error.cells);
    }
  }
  return found;
}

test("the candidates for a path have the same decision as all rules in order", () => {
  fc.assert(
    fc.property(rules, (all) => {
      const space = spaceOf(all);
      const [fast, slow] = [decisions(all, space, true), decisions(all, space, false)];
      expect(Object.fromEntries([...fast].sort())).toEqual(Object.fromEntries([...slow].sort()));
    }),
    { numRuns: 60 },
  );
});
