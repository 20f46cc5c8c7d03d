import { expect, test } from "bun:test";
import { readShadowConfig, rulesOf, segmentsOfConfig } from "./config.ts";

const VERSIONS = { SHADOW_CONTROL: "http://one", SHADOW_CANDIDATE: "http://two" };

test("the comparison needs the addresses of both versions, and reads how fields are compared", () => {
  const config = readShadowConfig({
    ...VERSIONS,
    SHADOW_IGNORE: "type=names the version;at.time = differs by itself".replace(" =", "="),
    SHADOW_PASS_WHEN_TRUE: "checkPass,isValid",
    SHADOW_SEGMENTS: "nationality,dateOfBirth:age",
  });
  expect(config).toMatchObject({ K_SERVICE: "kyc-shadow", SHADOW_REPEAT_PERCENT: 5 });
  const { passWhenTrue, ignored } = rulesOf(config);
  expect([...passWhenTrue]).toEqual(["checkPass", "isValid"]);
  expect([...ignored]).toEqual([
    ["type", "names the version"],
    ["at.time", "differs by itself"],
  ]);
  expect(segmentsOfConfig(config).map(({ as }) => as)).toEqual(["value", "age"]);
});

test.each([
  [{ SHADOW_CONTROL: "http://one" }, "SHADOW_CANDIDATE is not set"],
  [{ ...VERSIONS, SHADOW_CONTROL: "http://one/path" }, "SHADOW_CONTROL has a path"],
  [{ ...VERSIONS, SHADOW_IGNORE: "type" }, "expected fields with the reason"],
  [{ ...VERSIONS, SHADOW_SEGMENTS: "a,,b" }, "expected fields of the request"],
  [{ ...VERSIONS, SHADOW_KEY: "planted" }, "SHADOW_KEY is too short"],
  [{ ...VERSIONS, SHADOW_REPEAT_PERCENT: "101" }, "expected a whole number from 0 to 100"],
])("the environment %p prevents the start", (env, message) => {
  expect(() => readShadowConfig(env)).toThrow(message);
});
