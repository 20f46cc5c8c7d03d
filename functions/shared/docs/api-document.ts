import { swagger } from "@elysiajs/swagger";
import type { TSchema } from "@sinclair/typebox";
import { Elysia, type AnyElysia } from "elysia";
import { Problem } from "../http/problem.ts";

/** The parts of the OpenAPI document other than its routes. */
export interface ApiDescription {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  /** Schemas by the names that the routes use; `Problem` is predefined. */
  readonly schemas: Readonly<Record<string, TSchema>>;
  /** Response headers by name, with their descriptions. */
  readonly headers: Readonly<Record<string, string>>;
}

const PATH = "/document";
const JSON_TYPE = "application/json";

/**
 * Writes the OpenAPI 3.0 document of the routes, as JSON. The plugin runs in a separate application that does not
 * listen, because the plugin's page would load scripts from a public network.
 */
export async function apiDocument(description: ApiDescription, routes: AnyElysia): Promise<string> {
  const { title, version, schemas, headers } = description;
  const writer = new Elysia()
    .use(
      swagger({
        path: PATH,
        documentation: {
          info: { title, version, description: description.description },
          servers: [{ url: "/", description: "the origin of this page" }],
          components: {
            headers: Object.fromEntries(
              Object.entries(headers).map(([name, text]) => [
                name,
                { description: text, schema: { type: "string" } },
              ]),
            ),
          },
        },
      }),
    )
    .model({ ...schemas, Problem })
    .use(routes);
  const response = await writer.handle(new Request(`http://localhost${PATH}/json`));
  const document: unknown = JSON.parse(await response.text(), corrected);
  return JSON.stringify(document);
}

// OpenAPI 3.0 has no `const`; an enum of one value is equivalent. The plugin lists body types other than JSON.
function corrected(key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (key === "content" && JSON_TYPE in value) return { [JSON_TYPE]: value[JSON_TYPE] };
  if (!("const" in value)) return value;
  const { const: only, ...rest } = value;
  return { ...rest, enum: [only] };
}
