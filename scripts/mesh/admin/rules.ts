import { isRecord } from "../../schema/value.ts";
import { lineOf } from "../../traffic/split/planned-splits.ts";
import { destinationName } from "../../traffic/hosts.ts";
import type { Configuration } from "../configuration.ts";
import type { RuleState } from "./schema.ts";

type HTTPRoute = Configuration["resources"]["virtualServices"][number]["value"]["spec"]["http"][number];
type HTTPMatchRequest = NonNullable<HTTPRoute["match"]>[number];

/** Describes the rules of the configuration: those of VirtualServices, then Knative's traffic blocks. */
export function ruleStates({ resources, plan }: Configuration): RuleState[] {
  const written = resources.virtualServices.flatMap(({ value, document }) =>
    value.spec.http.map((route, i): RuleState => {
      const at = document.at(["spec", "http", i]);
      return {
        object: `VirtualService ${value.metadata.name}`,
        name: route.name ?? null,
        at,
        route: lineOf(at),
        hosts: [...value.spec.hosts],
        matches: (route.match ?? []).map(matchText),
        action: actionText(route),
      };
    }),
  );
  const byKnative = plan.services.map(({ name, namespace, at, traffic }): RuleState => {
    return {
      object: `Service ${name}`,
      name: null,
      at,
      route: lineOf(at),
      hosts: [`${name}.${namespace}.svc.cluster.local`],
      matches: [],
      action: traffic
        .filter(({ percent }) => percent > 0)
        .map(({ revision, percent }) => `${Math.round(percent * 100) / 100} % to ${revision}`)
        .join(", "),
    };
  });
  return [...written, ...byKnative];
}

/** Formats a condition: `uri prefix /orders/ and header end-user exact ann`. */
function matchText({ name: _, ...match }: HTTPMatchRequest): string {
  return Object.entries(match)
    .flatMap(([field, wanted]) => conditionTexts(field, wanted))
    .join(" and ");
}

const NAMED: Readonly<Record<string, string>> = {
  headers: "header",
  withoutHeaders: "not header",
  queryParams: "query parameter",
};

function conditionTexts(field: string, wanted: unknown): string[] {
  if (wanted === undefined) return [];
  const named = NAMED[field];
  if (named !== undefined && isRecord(wanted)) {
    return Object.entries(wanted).map(([name, match]) => `${named} ${name} ${valueText(match)}`.trim());
  }
  return [`${field} ${valueText(wanted)}`];
}

/** Formats `{prefix: /a}` as `prefix /a`; an empty condition only requires a value. */
function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueText).join(" or ");
  if (!isRecord(value)) return String(value);
  const parts = Object.entries(value).map(([kind, wanted]) => `${kind} ${valueText(wanted)}`);
  return parts.length === 0 ? "present" : parts.join(" and ");
}

function actionText(route: HTTPRoute): string {
  const { rewrite, redirect, timeout } = route;
  const to = (route.route ?? []).map(({ destination, weight }) => {
    const name = destinationName(destination);
    return route.route?.length === 1 ? name : `${weight ?? 0} to ${name}`;
  });
  const parts = [
    ...(to.length === 0 ? [] : [`to ${to.join(", ")}`.replace(/^to (\d)/, "$1")]),
    ...(rewrite === undefined ? [] : [`rewrite ${valueText(rewrite)}`]),
    ...(redirect === undefined ? [] : [`redirect ${valueText(redirect)}`]),
    ...Object.entries(route)
      .filter(
        ([field]) =>
          field === "fault" || field === "directResponse" || field === "mirrors" || field === "mirror",
      )
      .map(([field, value]) => `${field} ${valueText(value)}`),
    ...(timeout === undefined ? [] : [`timeout ${timeout}`]),
  ];
  return parts.join("; ");
}
