import { expect, test } from "bun:test";
import { Applicant } from "../shared/applicant.ts";
import { Problem } from "../shared/http/problem.ts";
import { fakeService, request } from "../shared/testing/fakes.ts";
import { examplesOf, isValid, readDocument } from "../shared/testing/openapi.ts";
import { createApp } from "./app.ts";
import { SENTENCES } from "./failure.ts";
import { Customer, KycError } from "./model.ts";

const app = createApp({
  ...fakeService().deps,
  creditCheckOrigin: "http://credit-check.internal",
  upstreamTimeoutMs: 1000,
  bucketOf: () => "0000",
  fetch: () => Promise.reject(new Error("no request of a document")),
});
const text = await app.handle(request("/swagger/json")).then((response) => response.text());
const document = readDocument(text);

test("the document of the aggregator is this one", () => {
  expect(JSON.parse(text)).toMatchSnapshot();
});

test("it contains its own paths, responses and parameters, and no address", () => {
  expect(Object.keys(document.paths)).toEqual(["/kyc/v1/customer", "/ingress/kyc/v1/customer"]);
  expect(document.servers.map((server) => server.url)).toEqual(["/"]);
  const operations = Object.values(document.paths).flatMap(({ get, post }) => [get, post]);
  for (const operation of operations) {
    expect(operation?.parameters.map((parameter) => parameter.name)).toEqual(["type", "end-user"]);
    expect(Object.keys(operation?.responses["200"]?.headers ?? {})).toContain("x-kyc-revision");
  }
  for (const { get, post } of Object.values(document.paths)) {
    expect(Object.keys(get.responses)).toEqual(["200", "405", "413", "500"]);
    expect(Object.keys(post?.responses ?? {})).toEqual(["200", "400", "405", "413", "415", "422", "500"]);
  }
  const ids = operations.map((operation) => operation?.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(text).not.toMatch(/https?:|internal/);
});

test("each of its examples matches its schema", () => {
  const examples = [...examplesOf(document)];
  expect(examples).toHaveLength(2 * (2 * (3 + 1 + 1 + Object.keys(SENTENCES).length) + 3 + 1));
  for (const { what, schema, value } of examples) {
    expect([what, isValid({ Applicant, Customer, KycError, Problem }, schema, value)]).toEqual([what, true]);
  }
});
