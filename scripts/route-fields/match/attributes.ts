import type { FieldPath } from "../../manifests/document.ts";
import type { NamedMatches, ValueMatch } from "../../traffic/table.ts";
import type { Report } from "../field-family.ts";
import { compileStringMatch } from "./string-match.ts";
import type { HTTPMatchRequest } from "./schema.ts";

/** The header names by which Istio matches on the claims of a checked token. */
const CLAIM = "@request.auth.claims";

/** Whether the name of a header means a claim. */
export const isClaim = (name: string): boolean => name.startsWith(CLAIM);

/**
 * Returns the conditions of a match on the connection and the caller: `port`, `scheme`, `source namespace`, `source
 * label NAME` and `claim NAME`. If the match names gateways, Istio ignores the caller. (istio 1.31,
 * pilot/pkg/networking/core/route/route.go, sourceMatchHTTP and TranslateRouteMatch)
 */
export function compileAttributes(report: Report, match: HTTPMatchRequest, path: FieldPath): NamedMatches {
  const exact = (value: string): ValueMatch => ({ kind: "exact", value });
  const { sourceNamespace = "", sourceLabels = {} } = match.gateways?.length ? {} : match;
  const scheme = compileStringMatch(report, match.scheme, [...path, "scheme"]);
  return [
    ...(match.port === undefined || match.port === 0 ? [] : [["port", exact(String(match.port))] as const]),
    ...(scheme === undefined ? [] : [["scheme", scheme] as const]),
    ...(sourceNamespace === "" ? [] : [["source namespace", exact(sourceNamespace)] as const]),
    ...Object.entries(sourceLabels).map(([name, value]) => [`source label ${name}`, exact(value)] as const),
    ...Object.entries(match.headers ?? {})
      .filter(([name]) => isClaim(name))
      .map(([name, wanted]): readonly [string, ValueMatch] => [
        `claim ${name.slice(CLAIM.length + 1)}`,
        Object.keys(wanted).length === 0
          ? { kind: "present" }
          : compileStringMatch(report, wanted, [...path, "headers", name]),
      ]),
  ];
}
