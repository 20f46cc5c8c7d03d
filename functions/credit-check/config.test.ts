import { expect, test } from "bun:test";
import { readCreditCheckConfig } from "./config.ts";
import { variantNames, variantOf } from "./variants.ts";

test.each(variantNames)("the variant may be %s", (name) => {
  const config = readCreditCheckConfig({ CREDIT_CHECK_VARIANT: name });
  expect(config.CREDIT_CHECK_VARIANT).toBe(name);
  expect(config.K_SERVICE).toBe("credit-check");
  expect(variantOf(name).name).toBe(name);
});

test.each([
  [{}, "CREDIT_CHECK_VARIANT is not set; expected one of basic, advanced, v3"],
  [{ CREDIT_CHECK_VARIANT: "" }, "CREDIT_CHECK_VARIANT is not set; expected one of basic, advanced, v3"],
  [
    { CREDIT_CHECK_VARIANT: "advnaced" },
    'CREDIT_CHECK_VARIANT is "advnaced" (did you mean advanced?); expected one of basic, advanced, v3',
  ],
  [{ CREDIT_CHECK_VARIANT: "Basic" }, 'CREDIT_CHECK_VARIANT is "Basic" (did you mean basic?)'],
  [
    { CREDIT_CHECK_VARIANT: "unheard-of" },
    'CREDIT_CHECK_VARIANT is "unheard-of"; expected one of basic, advanced, v3',
  ],
])("the environment %p prevents the start, with the known variants", (env, message) => {
  expect(() => readCreditCheckConfig(env)).toThrow(message);
});

test("another name is no variant", () => expect(() => variantOf("unheard-of")).toThrow(RangeError));
