import { valueAt } from "../../scripts/schema/value.ts";
import { asRecord, listAt, type ProxiedRequest, type RouteConfig } from "./envoy-routes.ts";

/** Example hosts for each virtual host of a configuration. */
export function hostsIn(configs: readonly RouteConfig[]): string[] {
  const domains = configs.flatMap(({ virtualHosts }) => virtualHosts.flatMap((host) => host.domains));
  return [
    ...new Set(domains.map((domain) => domain.replace(/^\*\./, "any.").replace(/^\*$/, "any.example"))),
  ];
}

/** Sample requests that distinguish a configuration's conditions, one condition at a time. */
export function samplesOf(configs: readonly RouteConfig[]): Omit<ProxiedRequest, "host">[] {
  const plainRequest = { path: "/", method: "GET", headers: {}, query: {} };
  const matches = configs.flatMap(({ virtualHosts }) =>
    virtualHosts.flatMap(({ routes }) => routes.map((route) => asRecord(route["match"]))),
  );
  const paths = new Set(["/", "/zzz", ...matches.flatMap(pathsFor)]);
  const bases = matches.map((match) => ({ ...plainRequest, ...requestFor(match) }));
  const all = [plainRequest, ...bases].flatMap((base) => [...paths].map((path) => ({ ...base, path })));
  const methods = bases.flatMap((base) =>
    ["GET", "POST"].flatMap((method) => [
      { ...base, method },
      { ...base, headers: {} },
      { ...base, query: {} },
    ]),
  );
  const found = [...all, ...bases, ...methods];
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()].slice(0, MOST_SAMPLES);
}

const MOST_SAMPLES = 400;

function pathsFor(match: Record<string, unknown>): string[] {
  const { path, prefix, path_separated_prefix: separated } = match;
  const text = [path, prefix, separated].find((one) => typeof one === "string");
  if (typeof text === "string") return [text, `${text}x`, `${text}/x`, text.toUpperCase()];
  const regex = valueAt(match, ["safe_regex", "regex"]);
  return typeof regex === "string" ? examplesOf(regex) : [];
}

/** Texts that a regular expression may match: the expression without its operators. */
function examplesOf(regex: string): string[] {
  const bare = regex
    .replace(/\(\?i\)/g, "")
    .replace(/\[[^\]]*\][+*]?/g, "a")
    .replace(/\.[*+]/g, "x");
  return [bare.replace(/[()?+*\\^$]|\|.*/g, ""), regex.replace(/\.\*|[()?+*\\^$]/g, "")];
}

function requestFor(match: Record<string, unknown>): Partial<Omit<ProxiedRequest, "host">> {
  const headers: Record<string, string> = {};
  let method = "GET";
  for (const header of listAt(match, "headers")) {
    const name = String(header["name"]);
    const text = exampleFor(header);
    if (name === ":method") method = text;
    else if (!name.startsWith(":") && header["invert_match"] !== true) headers[name] = text;
  }
  const query = Object.fromEntries(
    listAt(match, "query_parameters").map((one) => [String(one["name"]), exampleFor(one)]),
  );
  return { path: pathsFor(match)[0] ?? "/", method, headers, query };
}

function exampleFor(matcher: Record<string, unknown>): string {
  const string = asRecord(matcher["string_match"]);
  const { exact, prefix } = string;
  if (typeof exact === "string") return exact;
  if (typeof prefix === "string") return prefix;
  const regex = valueAt(string, ["safe_regex", "regex"]);
  return typeof regex === "string" ? (examplesOf(regex)[0] ?? "x") : "x";
}
