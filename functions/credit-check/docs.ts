import type { ApiDescription } from "../shared/docs/api-document.ts";
import { documentedBodyRefusals, documentedRefusals, documentRoute } from "../shared/docs/openapi.ts";
import { CreditCheckError, creditCheckError } from "./model.ts";
import type { Variant } from "./variant.ts";

const HEADERS = ["x-kyc-revision", "x-request-id"];

/** The OpenAPI document's description of a credit check. */
export const describeApi = (variant: Variant): ApiDescription => ({
  title: "Credit check",
  version: variant.name,
  description:
    "Checks an applicant for the KYC aggregator. A revision is one variant of the check and answers for no other.",
  schemas: { CreditCheck: variant.answer, CreditCheckError },
  headers: {
    "x-kyc-revision": "The revision that answered, as Knative names it",
    "x-request-id": "The request's id: the caller's, or a new one",
  },
});

const METHODS = ["GET", "HEAD", "OPTIONS", "POST"];

type Method = "GET" | "POST";

/** A POST is about an applicant; the two operations of a path have separate names. */
const idOf = (operation: string, method: Method) => (method === "GET" ? operation : `${operation}Applicant`);

const answers = (variant: Variant, method: Method) => ({
  200: {
    description: "The findings",
    schema: "CreditCheck",
    headers: HEADERS,
    examples: { [variant.name]: { summary: `By the ${variant.name} check`, value: variant.example } },
  },
  ...documentedRefusals(HEADERS, METHODS),
  ...(method === "POST" ? documentedBodyRefusals(HEADERS) : {}),
  500: {
    description: "The check failed",
    schema: "CreditCheckError",
    headers: HEADERS,
    examples: { failed: { summary: "The check failed", value: creditCheckError() } },
  },
});

/** The path that is a variant's own. */
export const documentCheck = (variant: Variant, method: Method = "GET") =>
  documentRoute({
    operationId: idOf("check", method),
    tag: "Credit check",
    summary: `The ${variant.name} check`,
    description: "Routed to this variant, regardless of the traffic split.",
    answers: answers(variant, method),
  });

/** The path that all variants share. */
export const documentReport = (variant: Variant, method: Method = "GET") =>
  documentRoute({
    operationId: idOf("report", method),
    tag: "Credit check",
    summary: "A check by the version that the traffic split chooses",
    description: "The header `end-user` pins the request to one version.",
    parameters: [
      {
        name: "end-user",
        in: "header",
        description:
          "The version to route to, regardless of the split; evaluated by the routing, not by the check",
        schema: { type: "string" },
        examples: { [variant.name]: { summary: `Pinned to the ${variant.name} check`, value: variant.name } },
      },
    ],
    answers: answers(variant, method),
  });
