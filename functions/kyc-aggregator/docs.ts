import type { ApiDescription } from "../shared/docs/api-document.ts";
import { documentedBodyRefusals, documentedRefusals, documentRoute } from "../shared/docs/openapi.ts";
import { SENTENCES } from "./failure.ts";
import { Customer, kycError, KycError, toCustomer } from "./model.ts";

const HEADERS = ["x-kyc-revision", "x-request-id"];

/** The OpenAPI document's description of the aggregator. */
export const description: ApiDescription = {
  title: "KYC aggregator",
  version: "v1",
  description:
    "Returns the findings about an applicant. A credit check makes them; the traffic split selects its version, unless the request names one.",
  schemas: { Customer, KycError },
  headers: {
    "x-kyc-revision": "The revision of the credit check that answered",
    "x-request-id": "The request's id: the caller's, or a new one",
  },
};

const found = (type: string) => toCustomer({ type, blackListed: false, backgroundCheckPass: true });

/** The route to a customer, which is there under two paths. */
export const documentCustomer = (operationId: string, method: "GET" | "POST" = "GET") =>
  documentRoute({
    operationId,
    tag: "KYC",
    summary: "The findings about an applicant",
    description:
      "`type` requests one version of the check. Without it, the traffic split or the header `end-user` chooses the version.",
    parameters: [
      {
        name: "type",
        in: "query",
        description: "basicReport or advancedReport, once and in this case; any other value is ignored",
        schema: { type: "string" },
        examples: {
          split: { summary: "Chosen by the traffic split", value: "" },
          basic: { summary: "The basic check", value: "basicReport" },
          advanced: { summary: "The advanced check", value: "advancedReport" },
        },
      },
      {
        name: "end-user",
        in: "header",
        description: "Pins a request without a type to the version of this name, regardless of the split",
        schema: { type: "string" },
        examples: {
          none: { summary: "Not pinned", value: "" },
          basic: { summary: "Pinned to the basic check", value: "basic" },
          advanced: { summary: "Pinned to the advanced check", value: "advanced" },
        },
      },
    ],
    answers: {
      200: {
        description: "The findings, under the version of the check that made them",
        schema: "Customer",
        headers: HEADERS,
        examples: {
          basic: { summary: "By the basic check", value: found("BASIC") },
          advanced: { summary: "By the advanced check", value: found("ADVANCED") },
          newer: {
            summary: "By a newer check, with an additional key",
            value: { ...found("V3"), sanctioned: false },
          },
        },
      },
      ...documentedRefusals(["x-request-id"], ["GET", "HEAD", "OPTIONS", "POST"]),
      ...(method === "POST" ? documentedBodyRefusals(["x-request-id"]) : {}),
      500: {
        description: "The credit check gave no valid answer",
        schema: "KycError",
        headers: HEADERS,
        examples: Object.fromEntries(
          Object.entries(SENTENCES).map(([name, sentence]) => [
            name,
            { summary: sentence, value: kycError(sentence) },
          ]),
        ),
      },
    },
  });
