import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import { check } from "../../schema/check.ts";
import type { StringMatch } from "../../traffic/table.ts";

/** A destination of a route of Envoy, and its share. */
export interface RouteShare {
  /** The host behind Envoy's cluster. */
  host: string;
  /** The subset of its endpoints, if any. */
  subset: string | undefined;
  /** The authority that the request is rewritten to, if any. */
  authority: string | undefined;
  /** In percent of the route. */
  percent: number;
}

const HostRewrite = Type.Optional(Type.String());

const Action = Type.Object({
  cluster: Type.Optional(Type.String()),
  host_rewrite_literal: HostRewrite,
  weighted_clusters: Type.Optional(
    Type.Object({
      clusters: Type.Array(
        Type.Object({
          name: Type.String(),
          weight: Type.Optional(Type.Integer()),
          host_rewrite_literal: HostRewrite,
        }),
      ),
    }),
  ),
});
type Action = Static<typeof Action>;

const Route = Type.Object({
  /** The name of the rule, and of its match if that has one. */
  name: Type.Optional(Type.String()),
  match: Type.Object({
    prefix: Type.Optional(Type.String()),
    headers: Type.Optional(Type.Array(Type.Unknown())),
    query_parameters: Type.Optional(Type.Array(Type.Unknown())),
  }),
  route: Type.Optional(Action),
});

const VirtualHost = Type.Object({
  domains: Type.Array(Type.String()),
  routes: Type.Optional(Type.Array(Type.Unknown())),
});

/** The answer of Envoy's administration to `/config_dump?resource=dynamic_route_configs`. */
const RouteDump = Type.Object({
  configs: Type.Optional(
    Type.Array(
      Type.Object({
        route_config: Type.Optional(Type.Object({ virtual_hosts: Type.Optional(Type.Array(VirtualHost)) })),
      }),
    ),
  ),
});

/** The virtual hosts of all route tables of a proxy. */
export type VirtualHosts = readonly Static<typeof VirtualHost>[];

/**
 * Parses Envoy's response once for all hosts: with a thousand virtual hosts parsing takes most of the time.
 * @returns an empty result for any other response
 */
export function readRoutes(dump: string): VirtualHosts {
  let document: unknown;
  try {
    document = JSON.parse(dump);
  } catch {
    return [];
  }
  if (!check(RouteDump, document)) return [];
  return (document.configs ?? []).flatMap(({ route_config }) => route_config?.virtual_hosts ?? []);
}

/** A route of Envoy for requests with certain values of a header. */
export interface BucketRoute {
  match: StringMatch;
  shares: RouteShare[];
}

/** A route for the values of a header. */
export interface NamedRoute extends BucketRoute {
  /** In small letters. */
  header: string;
}

const HeaderMatch = Type.Object({
  name: Type.String(),
  string_match: Type.Object({
    exact: Type.Optional(Type.String()),
    prefix: Type.Optional(Type.String()),
    safe_regex: Type.Optional(Type.Object({ regex: Type.String() })),
  }),
});

/**
 * Returns the routes of a host that match on one header only, in order, in each route table of a proxy that has the
 * host.
 * @param header in lower case
 */
export function bucketRoutes(tables: VirtualHosts, host: string, header: string): BucketRoute[][] {
  return routesOf(tables, host).map((routes) =>
    routes.flatMap(({ match: { prefix, headers = [], query_parameters = [] }, route }): BucketRoute[] => {
      const [wanted, second] = headers;
      const isPlain = prefix === "/" && second === undefined && query_parameters.length === 0;
      if (!isPlain || route === undefined || !Check(HeaderMatch, wanted)) return [];
      if (wanted.name.toLowerCase() !== header) return [];
      const match = stringMatchOf(wanted.string_match);
      return match === undefined ? [] : [{ match, shares: sharesOf(route) }];
    }),
  );
}

function stringMatchOf({
  exact,
  prefix,
  safe_regex,
}: Static<typeof HeaderMatch>["string_match"]): StringMatch | undefined {
  if (exact !== undefined) return { kind: "exact", value: exact };
  if (prefix !== undefined) return { kind: "prefix", value: prefix };
  return safe_regex && { kind: "regex", value: safe_regex.regex };
}

/** Returns the routes of a host from the rule with this name, in each route table of a proxy that has the host. */
export function namedRoutes(tables: VirtualHosts, host: string, rule: string): NamedRoute[][] {
  return routesOf(tables, host).map((routes) =>
    routes.flatMap(({ name, match: { headers = [] }, route }): NamedRoute[] => {
      const [wanted] = headers;
      if (name !== rule || route === undefined || !Check(HeaderMatch, wanted)) return [];
      const match = stringMatchOf(wanted.string_match);
      return match === undefined
        ? []
        : [{ header: wanted.name.toLowerCase(), match, shares: sharesOf(route) }];
    }),
  );
}

/** The destinations of requests to a host that meet no condition, in each route table of a proxy that has the host. */
export function catchAllShares(tables: VirtualHosts, host: string): RouteShare[][] {
  return routesOf(tables, host).flatMap((routes) => {
    const last = routes.findLast(catchesAll);
    return last?.route === undefined ? [] : [sharesOf(last.route)];
  });
}

/** The supported routes of a host, in each route table that has it. */
function routesOf(tables: VirtualHosts, host: string): Static<typeof Route>[][] {
  return tables
    .filter(({ domains }) => domains.some((domain) => domain === host || domain.startsWith(`${host}:`)))
    .map(({ routes = [] }) => routes.filter((route) => Check(Route, route)));
}

function catchesAll({ match }: Static<typeof Route>): boolean {
  return match.prefix === "/" && !match.headers?.length && !match.query_parameters?.length;
}

function sharesOf({ cluster, host_rewrite_literal: authority, weighted_clusters }: Action): RouteShare[] {
  const clusters = weighted_clusters?.clusters ?? [];
  if (clusters.length === 0) return [{ ...destinationOfCluster(cluster ?? ""), authority, percent: 100 }];
  const sum = clusters.reduce((all, { weight = 0 }) => all + weight, 0);
  return clusters.map(({ name, weight = 0, host_rewrite_literal: own }) => ({
    ...destinationOfCluster(name),
    authority: own ?? authority,
    percent: (100 * weight) / sum,
  }));
}

/** `outbound|80||checkout-v1.shop.svc.cluster.local`: direction, port, subset, host. */
function destinationOfCluster(name: string): Pick<RouteShare, "host" | "subset"> {
  const [, , subset, host] = name.split("|");
  return { host: host ?? name, subset: subset || undefined };
}
