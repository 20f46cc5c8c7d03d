import type { DocumentDecoration } from "elysia";
import {
  BODY_INVALID,
  BODY_NOT_JSON,
  BODY_REFUSED,
  BODY_UNREADABLE,
  methodRefused,
  problem,
  type ProblemOptions,
} from "../http/problem.ts";

/** A response in the document: its meaning, its schema, and at least one example. */
export interface DocumentedAnswer {
  readonly description: string;
  /** Content type; @default application/json */
  readonly contentType?: string;
  /** The name of a schema among the document's components. */
  readonly schema: string;
  /** Whole bodies, by a short name. */
  readonly examples: Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;
  /** The names of headers among the document's components. */
  readonly headers?: readonly string[];
}

/** A route in the document. */
export interface DocumentedRoute {
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters?: DocumentDecoration["parameters"];
  readonly answers: Readonly<Record<number, DocumentedAnswer>>;
}

/**
 * Describes a route for the OpenAPI document. The plugin that writes the document cannot name examples or headers, so the
 * whole operation is described here.
 */
export function documentRoute(route: DocumentedRoute): DocumentDecoration {
  const answers = Object.entries(route.answers).map(([status, answer]) => {
    const { description, contentType = "application/json", schema, examples, headers = [] } = answer;
    const content = { schema: { $ref: `#/components/schemas/${schema}` }, examples };
    return [
      status,
      {
        description,
        headers: Object.fromEntries(headers.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
        content: { [contentType]: content },
      },
    ];
  });
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    description: route.description,
    parameters: route.parameters ?? [],
    responses: Object.fromEntries(answers),
  };
}

/** The responses to a request that is refused before it reaches a route, the same in all services. */
export function documentedRefusals(
  headers: readonly string[],
  methods: readonly string[],
): Record<number, DocumentedAnswer> {
  return {
    405: refusal(headers, 405, "A method that the path does not support", { detail: methodRefused(methods) }),
    413: refusal(headers, 413, "A request body over 64 KB", { detail: BODY_REFUSED }),
  };
}

/** The responses to a body that does not match its schema; `errors` names each field. */
export function documentedBodyRefusals(headers: readonly string[]): Record<number, DocumentedAnswer> {
  return {
    400: refusal(headers, 400, "A body that is not JSON", { detail: BODY_UNREADABLE }),
    415: refusal(headers, 415, "A body that is not declared as JSON", { detail: BODY_NOT_JSON }),
    422: refusal(headers, 422, "A missing, unknown or invalid field", {
      detail: BODY_INVALID,
      errors: [{ path: "body/name", message: "Expected required property" }],
    }),
  };
}

function refusal(
  headers: readonly string[],
  status: number,
  description: string,
  of: Omit<ProblemOptions, "status">,
): DocumentedAnswer {
  const value = problem({ status, requestId: "2f4cf9b0-5f9e-4a6c-9d0b-3f6b7a1f0c11", ...of });
  return {
    description,
    contentType: "application/problem+json",
    schema: "Problem",
    headers,
    examples: { problem: { summary: value.title, value } },
  };
}
