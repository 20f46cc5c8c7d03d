import { type Facts, hostFrom, routesOf } from "./facts.ts";
import type { Rule } from "../finding.ts";
import { namespaceOf } from "./read-objects.ts";

/** Rules for DestinationRules. Revisions of Knative need none. */
export const DESTINATION_RULES: readonly Rule<Facts>[] = [
  {
    code: "one-destination-rule",
    *check({ objects }) {
      const byHost = Map.groupBy(
        objects.destinationRules,
        (source) => `${namespaceOf(source)} ${hostFrom(source.value.spec?.host ?? "", namespaceOf(source))}`,
      );
      for (const [first, ...others] of byHost.values()) {
        for (const { document, value } of others) {
          yield {
            document,
            path: ["spec", "host"],
            message: `DestinationRule ${first?.value.metadata.name} is for ${value.spec?.host} too, and one trafficPolicy of the two is lost`,
            fix: "write them in one DestinationRule",
          };
        }
      }
    },
  },
  {
    code: "make-before-break",
    *check({ objects }) {
      const subsets = new Map<string, (typeof objects.destinationRules)[number]>();
      for (const source of objects.destinationRules) {
        for (const { name } of source.value.spec?.subsets ?? []) {
          const key = `${hostFrom(source.value.spec?.host ?? "", namespaceOf(source))} ${name}`;
          if (!subsets.has(key)) subsets.set(key, source);
        }
      }
      for (const { source, route, path, namespace } of routesOf(objects)) {
        for (const [i, { destination }] of (route.route ?? []).entries()) {
          const key = `${hostFrom(destination?.host ?? "", namespace)} ${destination?.subset}`;
          const found = subsets.get(key);
          if (found === undefined) continue;
          const [rule, routes] = [found.document, source.document].map((document) =>
            objects.order.get(document),
          );
          if ((rule ?? 0) <= (routes ?? 0)) continue;
          yield {
            document: source.document,
            path: [...path, "route", i, "destination", "subset"],
            message: `the DestinationRule that has subset ${destination?.subset} comes after these rules, and until then they answer 503`,
            fix:
              found.document.file === source.document.file
                ? "put the DestinationRule before the VirtualService"
                : `list ${found.document.file} first, and wait before the rules follow`,
          };
        }
      }
    },
  },
  {
    code: "revision-subset",
    *check({ objects, knativeHosts, revisionHosts }) {
      for (const { value, document } of objects.destinationRules) {
        if ((value.spec?.subsets ?? []).length === 0) continue;
        const host = hostFrom(value.spec?.host ?? "", value.metadata.namespace ?? "default");
        if (!knativeHosts.has(host) && !revisionHosts.has(host)) continue;
        yield {
          document,
          path: ["spec", "subsets"],
          message: `${host} belongs to Knative, and each of its revisions has its own Service`,
          fix: "use the revisions' Services as destinations, and leave the subsets out",
        };
      }
    },
  },
];
