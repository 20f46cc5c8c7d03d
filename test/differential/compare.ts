import { ASKS } from "./echo-names.ts";
import { Answer, type Seen } from "./answer-schema.ts";
import { Parse } from "typebox/value";

/** Fields of a request that depend on the proxy, not on the routes. */
const OF_THE_WAY_IN = [
  // The name of the case, which differs for each try.
  ASKS.case,
  // Each side generates its own.
  "x-request-id",
  // Each side has its own addresses.
  "x-forwarded-for",
  // Envoy's own fields. x-envoy-original-path is compared by the path.
  /^x-envoy-/,
  "x-forwarded-client-cert",
  // Envoy's tracing, which the mesh does not do.
  /^x-b3-/,
  "traceparent",
];

/** The same for a response. */
const OF_THE_WAY_BACK = [
  "date",
  // Envoy replaces the revision's name with its own.
  "server",
  /^x-envoy-/,
  // The framing is compared by the body.
  "connection",
  "transfer-encoding",
  "content-length",
];

// The mesh gives a reason if no revision answered; Envoy has another text, or none.
const OF_A_SENTENCE = ["content-type"];

/** Describes the difference between two responses to one request; undefined if they are equal. */
export function difference(mesh: Answer, envoy: Answer): string | undefined {
  if (mesh.status !== envoy.status) return `status ${mesh.status} and ${envoy.status}`;
  const [a, b] = [mesh.seen, envoy.seen];
  if (a?.revision !== b?.revision) return `revision ${a?.revision} and ${b?.revision}`;
  return (
    (a !== undefined && b !== undefined ? seenDifference(a, b) : undefined) ??
    headerDifference("answer", answerHeaders(mesh), answerHeaders(envoy)) ??
    bodyDifference(mesh, envoy)
  );
}

/** The same for two requests, or copies of one, as revisions received them. */
export function seenDifference(mesh: Seen, envoy: Seen): string | undefined {
  for (const field of ["method", "target", "authority", "body", "tries"] as const) {
    if (mesh[field] !== envoy[field])
      return `${field} ${JSON.stringify(mesh[field])} and ${JSON.stringify(envoy[field])}`;
  }
  return headerDifference(
    "request",
    normal(mesh.headers, OF_THE_WAY_IN),
    normal(envoy.headers, OF_THE_WAY_IN),
  );
}

/** A response for the fixtures: without fields that are not compared, and with a fixed name for the requested host. */
export function essence(answer: Answer, host: string, renamed: string): Answer {
  return Parse(Answer, JSON.parse(JSON.stringify(comparable(answer)).replaceAll(host, renamed)));
}

function comparable(answer: Answer): Answer {
  const { seen } = answer;
  return {
    status: answer.status,
    headers: [...normal(answer.headers, OF_THE_WAY_BACK)],
    body: isOfRule(answer) || seen !== undefined ? answer.body : "",
    ...(seen === undefined ? {} : { seen: { ...seen, headers: [...normal(seen.headers, OF_THE_WAY_IN)] } }),
  };
}

function answerHeaders(answer: Answer): Map<string, string> {
  const names = isOfRule(answer) || answer.seen !== undefined ? [] : OF_A_SENTENCE;
  return normal(answer.headers, [...OF_THE_WAY_BACK, ...names]);
}

function bodyDifference(mesh: Answer, envoy: Answer): string | undefined {
  const isComparable = mesh.seen !== undefined || (isOfRule(mesh) && isOfRule(envoy));
  return isComparable && mesh.body !== envoy.body
    ? `body ${JSON.stringify(mesh.body)} and ${JSON.stringify(envoy.body)}`
    : undefined;
}

/** Whether the rule itself answered, by a direct response or an abort. */
function isOfRule({ seen, headers, body }: Answer): boolean {
  return seen === undefined && (RULE_BODIES.has(body) || headers.some(([name]) => name === "x-rule"));
}

const RULE_BODIES = new Set(["hello", "{}", "\0\xff", "fault filter abort"]);

/** Fields by name. Several of one name are joined by commas, which means the same (RFC 9110 section 5.3). */
function normal(headers: Answer["headers"], without: readonly (string | RegExp)[]): Map<string, string> {
  const byName = new Map<string, string>();
  for (const [name, value] of headers) {
    if (without.some((one) => (typeof one === "string" ? one === name : one.test(name)))) continue;
    const before = byName.get(name);
    // Envoy joins some of them itself, without empty ones.
    byName.set(
      name,
      before === undefined || before === "" ? value : value === "" ? before : `${before},${value}`,
    );
  }
  return new Map([...byName].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function headerDifference(
  of: string,
  mesh: ReadonlyMap<string, string>,
  envoy: ReadonlyMap<string, string>,
): string | undefined {
  for (const name of new Set([...mesh.keys(), ...envoy.keys()])) {
    const [a, b] = [mesh.get(name), envoy.get(name)];
    if (a !== b) return `${of} header ${name}: ${JSON.stringify(a)} and ${JSON.stringify(b)}`;
  }
  return undefined;
}
