import Type from "typebox";
import type { FieldPath } from "../../manifests/document.ts";
import { type HeaderChange, NO_CHANGE } from "./header-list.ts";
import type { FieldFamily, Report } from "../field-family.ts";
import { type HeaderOperations, Headers } from "./schema.ts";

/** `headers`: changes to requests and responses; a destination has the same field. */
export const headersFamily = {
  fields: { headers: Type.Optional(Headers) },
  onlyForwarding: false,
  compared: {},
} satisfies FieldFamily;

// Each proxy sets these for its own connections: changing one would break the message's framing.
const CONNECTION_HEADERS = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Compiles the request changes of a route or a destination; the Host is separate, as in Envoy. */
export function compileRequestHeaders(
  operations: HeaderOperations | undefined,
  path: FieldPath,
  report: Report,
): { change: HeaderChange; authority: string | undefined } {
  let authority: string | undefined;
  const set: Record<string, string> = {};
  for (const [name, text] of Object.entries(operations?.set ?? {})) {
    if (name.toLowerCase() !== "host") set[name] = text;
    else if (/^[-A-Za-z0-9._]+(:[0-9]+)?$/.test(text)) authority = text;
    else
      report(
        "host-header",
        [...path, "set", name],
        `${JSON.stringify(text)} is not a host name, which may have a port`,
      );
  }
  const change = readHeaders(
    operations && { ...operations, set },
    path,
    report,
    "a request has one Host, and set changes it",
  );
  return { change, authority };
}

/** Compiles the response changes of a route or a destination. */
export function compileResponseHeaders(
  operations: HeaderOperations | undefined,
  path: FieldPath,
  report: Report,
): HeaderChange {
  return readHeaders(operations, path, report, "an answer has no Host");
}

function readHeaders(
  operations: HeaderOperations | undefined,
  path: FieldPath,
  report: Report,
  ofHost: string,
): HeaderChange {
  if (operations === undefined) return NO_CHANGE;
  const valued = (field: "set" | "add"): [string, string][] => {
    return Object.entries(operations[field] ?? {}).map(([name, text]) => {
      checkName(name, [...path, field, name]);
      // Envoy replaces %NAME% in header values, and a plain percent sign must be doubled there, so both are refused here.
      if (text.includes("%")) {
        const message = "the local mesh does not fill in Envoy's %…% values";
        report("header-placeholder", [...path, field, name], message, "write a fixed text without %");
      }
      return [name.toLowerCase(), text];
    });
  };
  const remove = (operations.remove ?? []).map((name, i) => {
    checkName(name, [...path, "remove", i]);
    return name.toLowerCase();
  });
  return { set: valued("set"), add: valued("add"), remove };

  function checkName(name: string, at: FieldPath): void {
    const lower = name.toLowerCase();
    if (lower === "host") report("host-header", at, ofHost, "remove it");
    if (CONNECTION_HEADERS.has(lower))
      report(
        "connection-header",
        at,
        `${name} belongs to the connection, and the proxy decides it`,
        "remove it",
      );
  }
}
