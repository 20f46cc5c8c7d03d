import { canonical, ordered } from "../../scripts/traffic/equal/documents/object-kinds.ts";
import { RE2JS } from "re2js";
import { isRecord, valueAt } from "../../scripts/schema/value.ts";
import type { Generated } from "./pilot.ts";

/** A request as received by a proxy. */
export interface ProxiedRequest {
  host: string;
  path: string;
  method: string;
  headers: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
}

/** A route configuration of a proxy, without names that do not affect requests. */
export interface RouteConfig {
  name: string;
  virtualHosts: { domains: string[]; routes: Record<string, unknown>[]; rest: string }[];
}

/** The content of a cluster, without its name; NO_CLUSTER if istiod generated none. */
export type ClusterText = (name: string) => string;

/** The text of a cluster that istiod did not generate. */
export const NO_CLUSTER = "no such cluster";

// Statistics, log lines and the origin of a route.
const NAMES = new Set(["name", "metadata", "decorator", "stat_prefix", "alt_stat_name"]);

/** The route configurations of a proxy. @param clusterOf returns the text that replaces the name of a cluster */
export function routeConfigs({ routes }: Generated, clusterOf: ClusterText): RouteConfig[] {
  return (routes ?? []).filter(isRecord).map((config) => ({
    name: String(config["name"]),
    virtualHosts: listAt(config, "virtual_hosts").map((host) => {
      const { domains, routes: _, name: __, ...rest } = host;
      return {
        domains: (Array.isArray(domains) ? domains.map(String) : []).sort(),
        routes: listAt(host, "routes").map((route) => asRecord(plain(route, clusterOf))),
        rest: canonical(rest),
      };
    }),
  }));
}

/** A text that is equal for configurations that differ only in names. */
export function configText(configs: readonly RouteConfig[]): string {
  const all = configs.map(({ name, virtualHosts }) => ({
    name,
    hosts: virtualHosts.map(({ domains, routes, rest }) => JSON.stringify([domains, routes, rest])).sort(),
  }));
  return JSON.stringify(all.sort((a, b) => (a.name < b.name ? -1 : 1)));
}

/** The outcome of a request under a route configuration, as a text that is equal for equal outcomes. */
export function outcome(config: RouteConfig, request: ProxiedRequest): string {
  const virtualHost = hostFor(config, request.host);
  if (virtualHost === undefined) return "404 no host";
  // The oracle sends plain HTTP requests.
  if (virtualHost.rest.includes('"require_tls":"ALL"')) return "301 to HTTPS";
  const route = virtualHost.routes.find((one) => takes(asRecord(one["match"]), request));
  if (route === undefined) return "404 no route";
  const { match, ...action } = route;
  return JSON.stringify([virtualHost.rest, acted(action, asRecord(match), request)]);
}

function hostFor(
  { virtualHosts }: RouteConfig,
  host: string,
): RouteConfig["virtualHosts"][number] | undefined {
  const find = (isMeant: (domain: string) => boolean) =>
    virtualHosts.find(({ domains }) => domains.some(isMeant));
  const exact = find((domain) => domain === host);
  if (exact !== undefined) return exact;
  const suffixes = virtualHosts
    .flatMap(({ domains }) => domains)
    .filter((domain) => domain.startsWith("*") && domain !== "*" && host.endsWith(domain.slice(1)))
    .sort((a, b) => b.length - a.length);
  const [longest] = suffixes;
  return find((domain) => domain === (longest ?? "*"));
}

function takes(
  match: Record<string, unknown>,
  { path, method, headers, host, query }: ProxiedRequest,
): boolean {
  const { path: exact, prefix, path_separated_prefix: separated } = match;
  const fold = (text: string): string => (match["case_sensitive"] === false ? text.toLowerCase() : text);
  if (typeof exact === "string" && fold(path) !== fold(exact)) return false;
  if (typeof prefix === "string" && !fold(path).startsWith(fold(prefix))) return false;
  if (typeof separated === "string" && path !== separated && !path.startsWith(`${separated}/`)) return false;
  const regex = valueAt(match, ["safe_regex", "regex"]);
  if (typeof regex === "string" && !RE2JS.compile(regex).testExact(path)) return false;
  const own: Readonly<Record<string, string>> = {
    ":method": method,
    ":authority": host,
    ":scheme": "http",
    ...headers,
  };
  return (
    listAt(match, "headers").every((header) => holds(header, own[String(header["name"])])) &&
    listAt(match, "query_parameters").every((one) => holds(one, query[String(one["name"])]))
  );
}

/** Whether a header or query parameter matches. */
function holds(matcher: Record<string, unknown>, value: string | undefined): boolean {
  const there = value ?? (matcher["treat_missing_header_as_empty"] === true ? "" : undefined);
  const string = matcher["string_match"];
  const isMet = isRecord(string)
    ? there !== undefined && isString(string, there)
    : value !== undefined && matcher["present_match"] !== false;
  return matcher["invert_match"] === true ? !isMet : isMet;
}

function isString(match: Record<string, unknown>, value: string): boolean {
  const { exact, prefix } = match;
  if (typeof exact === "string") return value === exact;
  if (typeof prefix === "string") return value.startsWith(prefix);
  const regex = valueAt(match, ["safe_regex", "regex"]);
  // An exact match of the empty string has no field.
  return typeof regex === "string" ? RE2JS.compile(regex).testExact(value) : value === "";
}

/** An action with the resulting path, which depends on the match. */
function acted(
  action: Record<string, unknown>,
  match: Record<string, unknown>,
  { path }: ProxiedRequest,
): unknown {
  const route = action["route"];
  const redirect = action["redirect"];
  if (isRecord(route) && hasNoCluster(route)) {
    // Envoy answers before it changes, sends or mirrors the request. (source/common/router/router.cc)
    const { request_headers_to_add: _, request_headers_to_remove: __, ...rest } = action;
    return ordered({ ...rest, route: { clusters: route["clusters"] } });
  }
  if (isRecord(route)) {
    const { prefix_rewrite: to, regex_rewrite: regex, ...rest } = route;
    return ordered({ ...action, route: { ...rest, path: rewritten(match, path, to, regex) } });
  }
  if (isRecord(redirect)) {
    const { prefix_rewrite: to, path_redirect: whole, regex_rewrite: regex, ...rest } = redirect;
    const there = typeof whole === "string" ? whole : rewritten(match, path, to, regex);
    return ordered({ ...action, redirect: { ...rest, path: there } });
  }
  return ordered(action);
}

function hasNoCluster({ clusters }: Record<string, unknown>): boolean {
  return Array.isArray(clusters) && clusters.every((text) => String(text).includes(`["${NO_CLUSTER}"`));
}

function rewritten(match: Record<string, unknown>, path: string, to: unknown, regex: unknown): string {
  if (isRecord(regex)) {
    const pattern = valueAt(regex, ["pattern", "regex"]);
    const by = String(regex["substitution"] ?? "")
      .replace(/\$/g, "\\$")
      .replace(/\\([0-9])/g, "$$$1");
    return typeof pattern === "string" ? RE2JS.compile(pattern).matcher(path).replaceAll(by) : path;
  }
  if (typeof to !== "string") return path;
  const front = [match["prefix"], match["path_separated_prefix"]].find((one) => typeof one === "string");
  return typeof front === "string" ? to + path.slice(front.length) : to;
}

/** A route without names, with the content of each cluster, and with weights as shares. */
function plain(value: unknown, clusterOf: ClusterText): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(item, clusterOf));
  if (!isRecord(value)) return value;
  const weighted = value["weighted_clusters"];
  if (isRecord(weighted)) {
    const { weighted_clusters: _, ...rest } = value;
    return { ...asRecord(plain(rest, clusterOf)), clusters: shares(listAt(weighted, "clusters"), clusterOf) };
  }
  const isMatcher = "string_match" in value || "present_match" in value || "invert_match" in value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
      if (NAMES.has(key) && !(key === "name" && (isMatcher || "typed_config" in value))) return [];
      if (key === "cluster" && typeof inner === "string")
        return "weight" in value ? [[key, clusterOf(inner)]] : [["clusters", shares([value], clusterOf)]];
      return [[key, plain(inner, clusterOf)]];
    }),
  );
}

/** Destinations with their shares, sorted, with equal ones merged. */
function shares(clusters: readonly Record<string, unknown>[], clusterOf: ClusterText): unknown[] {
  const weights = clusters.map(({ weight }) => (typeof weight === "number" ? weight : 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const found = new Map<string, number>();
  for (const [i, one] of clusters.entries()) {
    const { weight: _, cluster, name = cluster, ...changes } = one;
    const own = clusters.length === 1 && weights.length === 1 && !("weight" in one) ? {} : changes;
    const text = canonical([clusterOf(String(name)), plain(own, clusterOf)]);
    found.set(text, (found.get(text) ?? 0) + (weights[i] ?? 0));
  }
  return [...found]
    .filter(([, weight]) => weight > 0)
    .map(([text, weight]) => `${weight / total} ${text}`)
    .sort();
}

/** The records of a list in a record; empty if there is none. */
export function listAt(value: Record<string, unknown>, key: string): Record<string, unknown>[] {
  const list = value[key];
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

/** A value as a record; an empty record if it is not one. */
export function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}
