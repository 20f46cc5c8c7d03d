import { Type } from "@sinclair/typebox";
import { t, type Static } from "elysia";
import { MAX_BODY_BYTES } from "./body-limit.ts";

/** A problem document (RFC 9457), with the request's id and, for bad input, the fields at fault. */
export const Problem = t.Object(
  {
    type: t.String({ description: "The kind of problem; about:blank if the status describes it" }),
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

/** The variable parts of a problem document. */
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
  // Not registered; proxies log it when the caller closes the connection.
  499: "Client Closed Request",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/**
 * Makes a problem document. `instance` is the request's id, because a path may contain data that must not appear in a log
 * or a screenshot.
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

/** The detail of a 405. */
export const methodRefused = (methods: readonly string[]): string => `This path takes ${methods.join(", ")}.`;

/** The detail of a 413. */
export const BODY_REFUSED = `A request body may have at most ${MAX_BODY_BYTES} bytes.`;

/** The detail of a 400. */
export const BODY_UNREADABLE = "The request's body cannot be read.";

/** The detail of a 415. */
export const BODY_NOT_JSON = "This path takes a body of the type application/json.";

/** The detail of a 422, whose `errors` name the fields. */
export const BODY_INVALID = "The request does not match its schema.";

/** A problem document as a response. */
export function problemResponse(options: ProblemOptions, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(problem(options)), {
    status: options.status,
    headers: { "content-type": "application/problem+json", "x-content-type-options": "nosniff", ...headers },
  });
}
