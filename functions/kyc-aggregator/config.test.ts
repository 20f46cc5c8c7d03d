import { expect, test } from "bun:test";
import { readAggregatorConfig } from "./config.ts";

test("the aggregator needs the address of its credit check and nothing else", () => {
  const config = readAggregatorConfig({ CREDIT_CHECK_URL: "http://credit-check" });
  expect(config).toMatchObject({ PORT: 8080, K_SERVICE: "kyc-aggregator", UPSTREAM_TIMEOUT_MS: 3000 });
});

test.each([
  [{}, "CREDIT_CHECK_URL is not set; expected an absolute http or https URL"],
  [{ CREDIT_CHECK_URL: "http://credit-check/report" }, "CREDIT_CHECK_URL has a path; expected"],
  [{ CREDIT_CHECK_URL: "credit-check" }, "CREDIT_CHECK_URL is not an absolute URL; expected"],
  [
    { CREDIT_CHECK_URL: "http://a", UPSTREAM_TIMEOUT_MS: "0" },
    'UPSTREAM_TIMEOUT_MS is "0"; expected a whole number from 1',
  ],
  [{ CREDIT_CHECK_URL: "http://a", BUCKET_KEY: "planted" }, "BUCKET_KEY is too short; expected a secret of"],
])("the environment %p prevents the start", (env, message) => {
  expect(() => readAggregatorConfig(env)).toThrow(message);
});

test("a password in the address is not repeated", () => {
  let message = "";
  try {
    readAggregatorConfig({ CREDIT_CHECK_URL: "http://user:hunter2@credit-check" });
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain("carries a user or a password");
  expect(message).not.toContain("hunter2");
});
