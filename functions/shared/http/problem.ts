import { Type } from "@sinclair/typebox";
import { t, type Static } from "elysia";
import { MAX_BODY_BYTES } from "./body-limit.ts";

/** A problem document as RFC 9457 has it, with the request's id and, for bad input, what was bad. */
export const Problem = t.Object(
  {
    type: t.String({ description: "What kind of problem; about:blank says no more than the status" }),
    title: t.String({ description: "The status in words" }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: t.String({ description: "One sentence for a person" }),
    instance: t.Optional(t.String({ description: "This occurrence, by the request's id" })),
    requestId: t.Optional(t.String()),
    errors: t.Optional(t.Array(t.Object({ path: t.String(), message: t.String() }))),
  },
  { additionalProperties: false, description: "An error (RFC 9457)" },
);
/** A problem document, as a type. */
export type Problem = Static<typeof Problem>;

/** What the caller of `problem` decides; the rest follows from it. */
export interface ProblemOptions {
  readonly status: number;
  readonly detail: string;
  readonly requestId?: string;
  readonly errors?: Problem["errors"];
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  431: "Request Header Fields Too Large",
  // Not registered, but what proxies log where the caller closed the connection.
  499: "Client Closed Request",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/**
 * Makes a problem document. The occurrence is named by the request's id and not by its path,
 * because a path may hold what a log or a screenshot must not.
 */
export function problem({ status, detail, requestId, errors }: ProblemOptions): Problem {
  return {
    type: "about:blank",
    title: TITLES[status] ?? "Error",
    status,
    detail,
    ...(requestId === undefined ? {} : { instance: `urn:kyc:request:${requestId}`, requestId }),
    ...(errors === undefined ? {} : { errors }),
  };
}

/** What a 405 says. */
export const methodRefused = (methods: readonly string[]): string => `This path takes ${methods.join(", ")}.`;

/** What a 413 says. */
export const BODY_REFUSED = `A request's body may have ${MAX_BODY_BYTES} bytes.`;

/** What a 400 says. */
export const BODY_UNREADABLE = "The request's body cannot be read.";

/** What a 415 says. */
export const BODY_NOT_JSON = "This path takes a body of the type application/json.";

/** What a 422 says; its `errors` name the fields. */
export const BODY_INVALID = "The request is not as described.";

/** A problem document as an answer. */
export function problemResponse(options: ProblemOptions, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(problem(options)), {
    status: options.status,
    headers: { "content-type": "application/problem+json", "x-content-type-options": "nosniff", ...headers },
  });
}
