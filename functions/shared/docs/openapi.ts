import type { DocumentDecoration } from "elysia";
import { BODY_REFUSED, methodRefused, problem } from "../http/problem.ts";

/** An answer as the document shows it: what it means, what it looks like, and an example at least. */
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

/** A route as the document shows it. */
export interface DocumentedRoute {
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters?: DocumentDecoration["parameters"];
  readonly answers: Readonly<Record<number, DocumentedAnswer>>;
}

/**
 * Puts a route into words for the OpenAPI document. The plugin that writes the document cannot name
 * examples or headers, so all of an operation is said here.
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

/** The answers to a request that no route of a known path takes, the same in all services. */
export function documentedRefusals(headers: readonly string[]): Record<number, DocumentedAnswer> {
  const refusal = (status: number, description: string, detail: string): DocumentedAnswer => {
    const value = problem({ status, detail, requestId: "2f4cf9b0-5f9e-4a6c-9d0b-3f6b7a1f0c11" });
    return {
      description,
      contentType: "application/problem+json",
      schema: "Problem",
      headers,
      examples: { problem: { summary: value.title, value } },
    };
  };
  return {
    405: refusal(405, "Another method than GET or HEAD", methodRefused(["GET", "HEAD", "OPTIONS"])),
    413: refusal(413, "A request body over 64 KB", BODY_REFUSED),
  };
}
