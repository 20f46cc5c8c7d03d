import type { Position } from "../manifests/problem.ts";
import type { Comparison } from "../traffic/equal/comparison.ts";
import type { Difference, TerminalShare, Counterexample } from "../traffic/equal/counterexample.ts";
import type { Listener } from "../traffic/table.ts";
import type { Style } from "./style.ts";

/** The address of a listener: with `./kyc dev`, or on a cluster if `dev` does not serve it. */
function addressOf(listener: Listener): string {
  if (listener === "ingress") return "http://127.0.0.1:8080";
  if (listener === "mesh" || listener === "local-gateway") return "http://127.0.0.1:8081";
  const [, port = "80", tls] = / port ([0-9]+)(, TLS)?/.exec(listener) ?? [];
  return `${tls === undefined ? "http" : "https"}://GATEWAY:${port}`;
}

function listenerText(listener: Listener): string {
  if (listener === "ingress") return "the ingress gateway";
  if (listener === "local-gateway") return "the local gateway";
  return listener === "mesh" ? "a caller's sidecar" : `the ${listener}`;
}

// Differences are usually fixed one by one, so a short list is enough.
const MOST_SHOWN = 5;

/** The result of a comparison, line by line. */
export function drawComparison(result: Comparison, names: readonly [string, string], style: Style): string[] {
  const { verdict, compared, differences, revisions, doubts, notes, cells } = result;
  const places = new Set(
    compared.map(({ listener, hosts }) => `${hostsText(hosts)} at ${listenerText(listener)}`),
  );
  const alike = [...Map.groupBy(differences, likeness).values()];
  const lines = [heading()];
  for (const group of alike.slice(0, MOST_SHOWN)) lines.push("", ...drawAlike(group, names, style));
  if (alike.length > MOST_SHOWN) lines.push("", `and ${count(alike.length - MOST_SHOWN, "difference")} more`);
  if (alike.length > 0) lines.push("");
  for (const sentence of revisions) lines.push(`  ${sentence}`);
  for (const { why, hosts, listener } of doubts)
    lines.push(`  ${style.warn("not decided")} at ${hostsText(hosts)}, ${listenerText(listener)}: ${why}`);
  for (const why of result.unread) lines.push(`  ${style.warn("not decided")}: ${why}`);
  for (const note of notes) lines.push(style.dim(`  ${note}`));
  return lines;

  function heading(): string {
    const where =
      places.size === 1 ? [...places].join() : `${places.size} places, ${count(cells, "kind")} of requests`;
    switch (verdict) {
      case "equal":
        return `${style.good("equal")}  every request goes the same way (${where})`;
      case "different":
        return `${style.bad("different")}  ${count(alike.length + revisions.length, "difference")} (${where})`;
      case "unknown":
        return `${style.warn("unknown")}  no difference was found, and not everything could be decided (${where})`;
    }
  }
}

/** Groups the places at which the same request shows the same difference. */
function likeness({ request, sides, differs }: Difference): string {
  return JSON.stringify([{ ...request, hosts: [] }, sides, differs]);
}

/** A difference: a request, its route on either side, and the other places with the same difference. */
function drawAlike(alike: readonly Difference[], names: readonly [string, string], style: Style): string[] {
  const [{ listener, hosts, callers, request, sides, differs }, ...others] = alike as [
    Difference,
    ...Difference[],
  ];
  const width = Math.max(...names.map((name) => name.length));
  const lines = [
    `at ${hostsText(hosts)}, ${listenerText(listener)}${callers === undefined ? "" : ` in ${callers}`}`,
    `  ${curl(request, listener, request.hosts[0])}`,
  ];
  if (request.attributes.length > 0) lines.push(`  ${attributesText(request)}`);
  if (request.hosts[0] !== request.hosts[1]) lines.push(`  ${curl(request, listener, request.hosts[1])}`);
  for (const [i, side] of sides.entries()) {
    for (const [j, end] of side.entries())
      lines.push(`  ${style.bold((j === 0 ? (names[i] ?? "") : "").padEnd(width))}  ${drawEnd(end)}`);
  }
  for (const { about, values, at } of differs) {
    const [a, b] = values.map((value, i) => `${value}${placeText(at[i])}`);
    lines.push(`  ${style.bold(`${about}:`)} ${a} against ${b}`);
  }
  const also = others.map((other) => `${hostsText(other.hosts)} (${listenerText(other.listener)})`);
  return also.length === 0 ? lines : [...lines, style.dim(`  also at ${also.join(", ")}`)];
}

/** The conditions on the connection and the caller, which a command line cannot express. */
function attributesText({ attributes }: Counterexample): string {
  return `where the ${attributes.map(([name, value]) => `${name} is ${value}`).join(" and the ")}`;
}

function placeText(at: Position | undefined): string {
  return at === undefined ? "" : ` (${at.file}:${at.line})`;
}

function drawEnd({ share, place, details }: TerminalShare): string {
  return `${share.padStart(7)}  ${place}${details.length === 0 ? "" : `  (${details.join("; ")})`}`;
}

/** A command line that sends a request to the local mesh. */
export function curl(
  { method, path, query, headers }: Counterexample,
  listener: Listener,
  host: string,
): string {
  const parameters = query.map(([name, value]) => `${name}=${value}`).join("&");
  const target = `${addressOf(listener)}${path}${parameters === "" ? "" : `?${parameters}`}`;
  const fields = [["Host", host] as const, ...headers].map(([name, value]) =>
    quoted(value === "" ? `${name};` : `${name}: ${value}`),
  );
  // curl removes dots from a path without --path-as-is, and expands [] in a URL into several URLs.
  const care = `${/\/\.\.?(\/|$)/.test(path) ? " --path-as-is" : ""}${/[[\]{}]/.test(target) ? " --globoff" : ""}`;
  const verb = method === "GET" ? "" : method === "HEAD" ? " --head" : ` -X ${quoted(method)}`;
  return `curl${care}${verb} ${fields.map((field) => `-H ${field}`).join(" ")} ${quoted(target)}`;
}

function quoted(text: string): string {
  return /^[-\w:/.,@%+=]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function hostsText([a, b]: readonly [string, string]): string {
  return a === b ? a : `${a} and ${b}`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
