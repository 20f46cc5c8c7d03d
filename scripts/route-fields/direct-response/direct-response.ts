import Type, { type TSchemaOptions } from "typebox";
import type { FieldPath } from "../../manifests/document.ts";
import { type FieldNotes, strict } from "../../schema/schema.ts";
import type { DirectAction } from "../../traffic/table.ts";
import type { HTTPRoute } from "../families.ts";
import type { FieldFamily, Report } from "../field-family.ts";
import { compileResponseHeaders } from "../headers/compile.ts";
import { HTTPStatus } from "../../schema/route-schema.ts";

const DirectResponse = strict({
  status: HTTPStatus,
  body: Type.Optional(
    strict(
      {
        string: Type.Optional(Type.String({ maxLength: 1_048_576 })),
        bytes: Type.Optional(
          Type.String({
            maxLength: 1_398_104,
            pattern:
              "^([-+/_0-9A-Za-z]{4})*([-+/_0-9A-Za-z]{4}|[-+/_0-9A-Za-z]{2}(==)?|[-+/_0-9A-Za-z]{3}=?)$",
            expected: "bytes in base64, at least one",
          } satisfies FieldNotes & TSchemaOptions),
        ),
      },
      { minProperties: 1, maxProperties: 1, expected: "either string or bytes" },
    ),
  ),
});

/** `directResponse`: the proxy answers with a fixed status and body. */
export const directResponseFamily = {
  fields: { directResponse: Type.Optional(DirectResponse) },
  onlyForwarding: false,
  compared: { direct: ["kind", "status", "body", "response"] },
} satisfies FieldFamily;

/** Compiles a direct response. */
export function compileDirectResponse(
  route: HTTPRoute,
  { status, body }: NonNullable<HTTPRoute["directResponse"]>,
  path: FieldPath,
  report: Report,
): DirectAction {
  return {
    kind: "direct",
    status,
    body: Buffer.from(body?.bytes ?? body?.string ?? "", body?.bytes === undefined ? "utf8" : "base64"),
    response: compileResponseHeaders(route.headers?.response, [...path, "headers", "response"], report),
  };
}

/** The text by which `equal` compares direct responses, without their headers. */
export function directOutcome({ status, body }: DirectAction): string {
  return `${status} with ${JSON.stringify(Buffer.from(body).toString("latin1"))}`;
}
