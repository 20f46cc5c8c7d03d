import type { ManifestDocument } from "../../manifests/document.ts";
import { CLUSTER_DOMAIN } from "../../traffic/hosts.ts";
import { type Facts, hostFrom, routesOf } from "./facts.ts";
import type { Rule } from "../finding.ts";
import { namespaceOf } from "./read-objects.ts";

/** The hosts and gateways that VirtualServices name. */
export const HOST_RULES: readonly Rule<Facts>[] = [
  {
    code: "full-names",
    mayRepair: true,
    *check({ objects }) {
      for (const source of objects.virtualServices) {
        const namespace = source.value.metadata.namespace;
        for (const [i, host] of (source.value.spec?.hosts ?? []).entries())
          yield* remark(source.document, ["spec", "hosts", i], host, namespace);
      }
      for (const { source, route, path } of routesOf(objects)) {
        for (const [i, { destination }] of (route.route ?? []).entries()) {
          const at = [...path, "route", i, "destination", "host"];
          yield* remark(source.document, at, destination?.host, source.value.metadata.namespace);
        }
      }
      for (const { value, document } of objects.destinationRules)
        for (const { repairs, ...text } of remark(
          document,
          ["spec", "host"],
          value.spec?.host,
          value.metadata.namespace,
        ))
          yield text;

      function* remark(
        document: ManifestDocument,
        path: readonly (string | number)[],
        host: string | undefined,
        namespace: string | undefined,
      ) {
        if (host === undefined || host.includes(".") || host === "*") return;
        const full = `${host}.${namespace ?? "NAMESPACE"}.${CLUSTER_DOMAIN}`;
        yield {
          document,
          path,
          message: `${host} means ${full} here, for every caller`,
          fix: `write ${full}`,
          repairs: namespace === undefined ? [] : [[path, full] as const],
        };
      }
    },
  },
  {
    code: "host-resolves",
    *check({ objects, serviceHosts, knativeHosts, revisionHosts }) {
      const known = new Set([
        ...knativeHosts.keys(),
        ...revisionHosts.keys(),
        ...serviceHosts.keys(),
        ...objects.serviceEntries.flatMap(({ value }) => value.spec?.hosts ?? []),
      ]);
      for (const source of objects.virtualServices) {
        for (const [i, written] of (source.value.spec?.hosts ?? []).entries()) {
          const host = hostFrom(written, namespaceOf(source));
          if (!host.endsWith(`.${CLUSTER_DOMAIN}`) || host.startsWith("*") || known.has(host)) continue;
          const [name, namespace] = host.split(".");
          yield {
            document: source.document,
            path: ["spec", "hosts", i],
            message: `these files have no Service ${name} in ${namespace}: without one the name ${host} does not resolve`,
            fix:
              knativeHosts.size === 0
                ? `add the Service ${name}`
                : `add a Service ${name} of type ExternalName for knative-local-gateway.istio-system.${CLUSTER_DOMAIN}`,
          };
        }
      }
    },
  },
  {
    code: "destination-port",
    *check({ objects, serviceHosts }) {
      for (const { source, route, path, namespace } of routesOf(objects)) {
        for (const [i, { destination }] of (route.route ?? []).entries()) {
          const host = destination?.host;
          const ports = serviceHosts.get(hostFrom(host ?? "", namespace)) ?? [];
          const number = destination?.port?.number;
          if (ports.length === 0 || (number === undefined ? ports.length === 1 : ports.includes(number)))
            continue;
          const at = [...path, "route", i, "destination"];
          yield {
            document: source.document,
            path: number === undefined ? at : [...at, "port", "number"],
            message:
              number === undefined
                ? `the Service of ${host} has the ports ${ports.join(", ")}, and the destination names none: Istio refuses to choose`
                : `the Service of ${host} has no port ${number}: every request is answered 503`,
            fix: number === undefined ? "add port.number" : `write ${ports.join(" or ")}`,
            proposals:
              number === undefined || ports.length > 1
                ? []
                : [[[...at, "port", "number"], ports[0]] as const],
          };
        }
      }
    },
  },
  {
    code: "mesh-forgotten",
    *check({ objects }) {
      for (const { value, document } of objects.virtualServices) {
        const { hosts = [], gateways } = value.spec ?? {};
        if (gateways === undefined || gateways.includes("mesh")) continue;
        const local = hosts.find((host) => host.endsWith(`.${CLUSTER_DOMAIN}`));
        if (local === undefined) continue;
        yield {
          document,
          path: ["spec", "gateways"],
          message: `callers with sidecars do not see these rules for ${local}, because mesh is not among the gateways`,
          fix: "add mesh",
        };
      }
    },
  },
  {
    code: "gateway-name",
    mayRepair: true,
    *check({ objects }) {
      for (const { value, document } of objects.virtualServices) {
        for (const [i, gateway] of (value.spec?.gateways ?? []).entries()) {
          const [, name, namespace] =
            /^([^./]+)\.([^./]+)(?:\.svc(?:\.cluster\.local)?)?$/.exec(gateway) ?? [];
          if (name === undefined) continue;
          const path = ["spec", "gateways", i];
          yield {
            document,
            path,
            message: `${gateway} is the old form of a Gateway's name`,
            fix: `write ${namespace}/${name}`,
            repairs: [[path, `${namespace}/${name}`]],
          };
        }
      }
    },
  },
  {
    code: "delegate",
    *check({ objects }) {
      const byName = new Map(
        objects.virtualServices.map((source) => [
          `${namespaceOf(source)}/${source.value.metadata.name}`,
          source,
        ]),
      );
      const delegates = new Set(
        routesOf(objects).flatMap(({ route, namespace }) =>
          route.delegate === undefined
            ? []
            : [`${route.delegate.namespace ?? namespace}/${route.delegate.name}`],
        ),
      );
      for (const name of delegates) {
        const source = byName.get(name);
        if (source === undefined) continue;
        const { document, value } = source;
        for (const field of ["hosts", "gateways"] as const) {
          if (value.spec?.[field] === undefined) continue;
          yield {
            document,
            path: ["spec", field],
            message: `Istio ignores ${name} as a delegate, because it has its own ${field}`,
            fix: `leave ${field} out`,
          };
        }
        for (const [i, route] of (value.spec?.http ?? []).entries()) {
          if (route.delegate !== undefined) {
            const fix = "name the last one in the first place";
            yield {
              document,
              path: ["spec", "http", i, "delegate"],
              message: "a delegate cannot delegate",
              fix,
            };
          }
          for (const [j, match] of (route.match ?? []).entries()) {
            const conditions = [match.uri, match.authority, ...Object.values(match.headers ?? {})];
            if (!conditions.some((condition) => condition?.regex !== undefined)) continue;
            yield {
              document,
              path: ["spec", "http", i, "match", j],
              message: "a delegate cannot match by regular expressions",
              fix: "use exact or prefix",
            };
          }
        }
      }
    },
  },
];
