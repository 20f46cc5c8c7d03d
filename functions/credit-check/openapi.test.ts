import { describe, expect, test } from "bun:test";
import { Applicant } from "../shared/applicant.ts";
import { Problem } from "../shared/http/problem.ts";
import { fakeService, request } from "../shared/testing/fakes.ts";
import { examplesOf, isValid, readDocument } from "../shared/testing/openapi.ts";
import { createApp } from "./app.ts";
import { CreditCheckError } from "./model.ts";
import { withoutLists } from "./testing/contexts.ts";
import { variants } from "./variants.ts";

const DOCUMENTED = ["basic", "advanced", "v3"];

describe.each(variants.map((variant) => [variant.name, variant] as const))(
  "the %s check",
  (name, variant) => {
    const app = createApp({
      ...fakeService().deps,
      variant,
      revision: `credit-check-${name}`,
      context: withoutLists,
    });
    const text = () => app.handle(request("/swagger/json")).then((response) => response.text());

    // A new variant needs no change here.
    test.if(DOCUMENTED.includes(name))("has this document", async () => {
      expect(JSON.parse(await text())).toMatchSnapshot();
    });

    test("contains only the paths of its own variant", async () => {
      const { paths } = readDocument(await text());
      expect(Object.keys(paths)).toEqual([`/credit-check/${name}`, "/credit-check/report"]);
      expect(paths["/credit-check/report"]?.get.parameters.map((parameter) => parameter.name)).toEqual([
        "end-user",
      ]);
    });

    test("has examples that match their schemas", async () => {
      const examples = [...examplesOf(readDocument(await text()))];
      expect(examples).toHaveLength(2 * 4 + 2 * (4 + 3 + 1));
      const schemas = { Applicant, CreditCheck: variant.answer, CreditCheckError, Problem };
      for (const { what, schema, value } of examples) {
        expect([what, isValid(schemas, schema, value)]).toEqual([what, true]);
      }
    });
  },
);
