import { CLUSTER_DOMAIN } from "../../traffic/hosts.ts";
import { type BucketRange, bucketName, gapsAndOverlaps } from "../../traffic/split/bucket-ranges.ts";
import { PITFALLS } from "../../route-fields/families.ts";
import { findBucketRules } from "../../traffic/split/find-bucket-rules.ts";
import { type Facts, headerIn, hostFrom, routesOf } from "./facts.ts";
import type { Remark, Rule } from "../finding.ts";

const LOCAL_GATEWAY = `knative-local-gateway.istio-system.${CLUSTER_DOMAIN}`;
const INGRESS_GATEWAY = `istio-ingressgateway.istio-system.${CLUSTER_DOMAIN}`;
const KNATIVE_HEADERS = {
  namespace: "Knative-Serving-Namespace",
  revision: "Knative-Serving-Revision",
} as const;

/** The rules for VirtualServices: the pitfalls of their fields, and of their combination with other objects. */
export const ROUTE_RULES: readonly Rule<Facts>[] = [
  ...PITFALLS.map(({ code, mayRepair, check }): Rule<Facts> => {
    return {
      code,
      mayRepair: mayRepair === true,
      *check({ objects }) {
        for (const { source, route, path } of routesOf(objects)) {
          for (const { path: field, removable, ...text } of check(route))
            yield {
              document: source.document,
              path: [...path, ...field],
              ...text,
              repairs: removable === undefined ? [] : [[[...path, ...removable], undefined]],
            };
        }
      },
    };
  }),
  {
    code: "knative-headers",
    *check({ objects, revisionHosts }) {
      for (const { source, route, path, namespace } of routesOf(objects)) {
        for (const [i, { destination, headers }] of (route.route ?? []).entries()) {
          const found = revisionHosts.get(hostFrom(destination?.host ?? "", namespace));
          if (found === undefined) continue;
          const wanted = [
            [KNATIVE_HEADERS.namespace, found.service.namespace],
            [KNATIVE_HEADERS.revision, found.revision],
          ] as const;
          const set = { ...route.headers?.request?.set, ...headers?.request?.set };
          const wrong = wanted.filter(([name, value]) => headerIn(set, name) !== value);
          if (wrong.length === 0) continue;
          const at = [...path, "route", i, "headers", "request", "set"];
          const proposals =
            headers?.request?.set === undefined
              ? [[at, Object.fromEntries(wrong)] as const]
              : wrong.map(([name, value]) => [[...at, name], value] as const);
          yield {
            document: source.document,
            path: [...path, "route", i],
            proposals,
            message: `without ${wrong.map(([name]) => name).join(" and ")} the activator does not find ${found.revision}, and answers 404 whenever it is in front of it`,
            fix: `set ${wanted.map(([name, value]) => `${name}: ${value}`).join(" and ")} under headers.request.set`,
          };
        }
      }
    },
  },
  {
    code: "revision-port",
    *check({ objects, revisionHosts }) {
      for (const { source, route, path, namespace } of routesOf(objects)) {
        for (const [i, { destination }] of (route.route ?? []).entries()) {
          const number = destination?.port?.number;
          if (number === undefined || [80, 81, 443].includes(number)) continue;
          if (!revisionHosts.has(hostFrom(destination?.host ?? "", namespace))) continue;
          const at = [...path, "route", i, "destination", "port", "number"];
          yield {
            document: source.document,
            path: at,
            message: `the Service of ${destination?.host} has no port ${number}: every request is answered 503`,
            fix: "write 80",
            proposals: [[at, 80]],
          };
        }
      }
    },
  },
  {
    code: "explicit-retries",
    *check({ objects, revisionHosts }) {
      for (const { source, route, path, namespace } of routesOf(objects)) {
        if (route.retries !== undefined) continue;
        const leadsToRevision = (route.route ?? []).some(({ destination }) =>
          revisionHosts.has(hostFrom(destination?.host ?? "", namespace)),
        );
        if (!leadsToRevision) continue;
        yield {
          document: source.document,
          path,
          message:
            "without a retries block Istio sends a request up to twice more, after a failed connection, a refused stream, or the gRPC status unavailable or cancelled",
          fix: "to send each request once, as Knative's own routes do, write retries: {attempts: 0}; this changes what callers see",
        };
      }
    },
  },
  {
    code: "bucket-gaps",
    *check({ objects }) {
      for (const source of objects.virtualServices) {
        const http = source.value.spec?.http ?? [];
        const found = findBucketRules(http);
        if (found === undefined) continue;
        const { gaps, overlaps } = gapsAndOverlaps(found.asked);
        if (gaps.length + overlaps.length === 0) continue;
        const parts = [
          ...(gaps.length === 0 ? [] : [`no rule matches ${rangesIn(gaps)}`]),
          ...(overlaps.length === 0 ? [] : [`several rules match ${rangesIn(overlaps)}`]),
        ];
        yield {
          document: source.document,
          path: ["spec", "http", found.first],
          message: `of the buckets of ${found.header}, ${parts.join(", and ")}`,
          fix: `make the ranges meet, or let ./kyc split --by header:${found.header} write them`,
        };
      }
    },
  },
  {
    code: "cluster-local",
    *check({ objects }) {
      for (const { source, route, path, namespace } of routesOf(objects)) {
        for (const [i, { destination, headers }] of (route.route ?? []).entries()) {
          if (hostFrom(destination?.host ?? "", namespace) !== INGRESS_GATEWAY) continue;
          const under =
            route.rewrite?.authority ??
            headerIn(headers?.request?.set, "host") ??
            headerIn(route.headers?.request?.set, "host");
          if (under?.endsWith(`.${CLUSTER_DOMAIN}`) !== true) continue;
          const at = [...path, "route", i, "destination", "host"];
          yield {
            document: source.document,
            path: at,
            message: `the ingress gateway does not serve ${under}, and answers 404`,
            fix: `write ${LOCAL_GATEWAY}`,
            proposals: [[at, LOCAL_GATEWAY]],
          };
        }
      }
    },
  },
  {
    code: "rewrite-per-route",
    *check({ objects }) {
      for (const { source, route, path, namespace } of routesOf(objects)) {
        const hosts = (route.route ?? []).map(({ destination }) =>
          hostFrom(destination?.host ?? "", namespace),
        );
        if (hosts.length < 2 || route.rewrite?.authority === undefined) continue;
        if (!hosts.every((host) => host === LOCAL_GATEWAY || host === INGRESS_GATEWAY)) continue;
        yield {
          document: source.document,
          path: [...path, "rewrite", "authority"],
          message: `all of these destinations answer as ${route.rewrite.authority}: the weights decide nothing`,
          fix: "leave the rewrite out, and set the header Host on each destination",
        };
      }
    },
  },
  {
    code: "kept-in-traffic",
    *check({ objects, revisionHosts }) {
      const told = new Set<string>();
      for (const { source, route, path, namespace } of routesOf(objects)) {
        for (const [i, { destination }] of (route.route ?? []).entries()) {
          const found = revisionHosts.get(hostFrom(destination?.host ?? "", namespace));
          if (found?.service.routed === undefined || found.service.routed.has(found.revision)) continue;
          if (told.has(found.revision)) continue;
          told.add(found.revision);
          yield keptOut(found.revision, found.service.name, source.document, [
            ...path,
            "route",
            i,
            "destination",
            "host",
          ]);
        }
      }
    },
  },
];

const MOST_RANGES = 3;

function rangesIn(ranges: readonly BucketRange[]): string {
  const shown = ranges
    .slice(0, MOST_RANGES)
    .map(({ from, to }) => (from === to ? bucketName(from) : `${bucketName(from)} to ${bucketName(to)}`));
  const more = ranges.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more ranges` : "");
}

function keptOut(
  revision: string,
  service: string,
  document: Remark["document"],
  path: Remark["path"],
): Remark {
  return {
    document,
    path,
    message: `the traffic block of ${service} does not name ${revision}: its min-scale is ignored, and Knative may delete it`,
    fix: `add {revisionName: ${revision}, tag: ${revision.replace(`${service}-`, "") || "kept"}, percent: 0} to spec.traffic of ${service}`,
  };
}
