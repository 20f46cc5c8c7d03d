import Type from "typebox";
import type { FieldPath } from "../../manifests/document.ts";
import { didYouMean } from "../../nearest.ts";
import type { NamedMatches, RequestMatch, ValueMatch } from "../../traffic/table.ts";
import type { FieldFamily, Pitfall, Report } from "../field-family.ts";
import { compileAttributes, isClaim } from "./attributes.ts";
import { compileStringMatch } from "./string-match.ts";
import { HTTPMatchRequest, type ValueMatch as YamlValueMatch } from "./schema.ts";

/** `match`: conditions on a request; one of them must hold. */
export const matchFamily = {
  fields: { match: Type.Optional(Type.Array(HTTPMatchRequest)) },
  onlyForwarding: false,
  compared: {
    match: [
      "uri",
      "ignoreUriCase",
      "method",
      "authority",
      "headers",
      "withoutHeaders",
      "queryParams",
      "attributes",
    ],
  },
} satisfies FieldFamily;

/** A condition that other conditions switch off. */
export const matchPitfalls: readonly Pitfall[] = [
  {
    code: "source-labels",
    *check({ match = [] }) {
      for (const [i, { gateways, sourceLabels }] of match.entries()) {
        if (gateways === undefined || sourceLabels === undefined) continue;
        yield {
          path: ["match", i, "sourceLabels"],
          message: "sourceLabels are ignored in a match that names gateways: it holds for every caller",
          fix: "make two matches of it, or leave one of them out",
        };
      }
    },
  },
];

/** The context in which the matches of one VirtualService are compiled. */
export interface MatchContext {
  namespace: string;
  /** The gateways of the VirtualService, by `namespace/name`. */
  gateways: readonly string[];
  report: Report;
}

/** Compiles a match, and the gateways that it names; undefined for all gateways. */
export function compileMatch(
  match: HTTPMatchRequest,
  path: FieldPath,
  { namespace, gateways: listed, report }: MatchContext,
): { match: RequestMatch; gateways: string[] | undefined } {
  const named = match.gateways?.map((name) => gatewayName(name, namespace));
  const gateways = named?.length === 0 ? undefined : named;
  for (const [i, name] of (gateways ?? []).entries()) {
    if (listed.includes(name)) continue;
    const message = `${name} is not among this VirtualService's gateways`;
    report("match-gateway", [...path, "gateways", i], message, didYouMean(name, listed));
  }
  const attributes = compileAttributes(report, match, path);
  const claims = Object.keys(match.headers ?? {}).filter(isClaim);
  for (const name of claims)
    report(
      "cluster-form",
      [...path, "headers", name],
      "the local mesh does not check tokens",
      "leave it out, or try it on a cluster",
    );
  const ordinary = Object.entries(match.headers ?? {}).filter(([name]) => !isClaim(name));
  return {
    gateways,
    match: {
      ...(attributes.length === 0 ? {} : { attributes }),
      uri: compileStringMatch(report, match.uri, [...path, "uri"]),
      method: compileStringMatch(report, match.method, [...path, "method"]),
      ignoreUriCase: match.ignoreUriCase ?? false,
      authority: compileStringMatch(report, match.authority, [...path, "authority"]),
      headers: compileNamed(report, Object.fromEntries(ordinary), [...path, "headers"], lower),
      withoutHeaders: compileNamed(report, match.withoutHeaders, [...path, "withoutHeaders"], lower, "*"),
      queryParams: compileNamed(report, match.queryParams, [...path, "queryParams"], (name) => name),
    },
  };
}

/** @param presence the regex that Istio reads as presence in `withoutHeaders` */
function compileNamed(
  report: Report,
  named: Readonly<Record<string, YamlValueMatch>> | undefined,
  path: FieldPath,
  spelled: (name: string) => string,
  presence?: string,
): NamedMatches {
  return Object.entries(named ?? {}).map(([name, wanted]): [string, ValueMatch] => {
    const isPresence = Object.keys(wanted).length === 0 || (presence && wanted.regex === presence);
    return [
      spelled(name),
      isPresence ? { kind: "present" } : compileStringMatch(report, wanted, [...path, name]),
    ];
  });
}

/**
 * A gateway's name as `namespace/name`, or `mesh`. The old form `name.namespace.svc.cluster.local` still holds. (istio
 * 1.31, pilot/pkg/model/config.go, resolveGatewayName)
 */
export function gatewayName(name: string, namespace: string): string {
  if (name === "mesh") return name;
  if (name.startsWith("./")) return `${namespace}${name.slice(1)}`;
  if (name.includes("/")) return name;
  const [first = "", of = namespace] = name.split(".");
  return `${of}/${first}`;
}

function lower(name: string): string {
  return name.toLowerCase();
}
