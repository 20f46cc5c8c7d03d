import { errorText } from "../error-text.ts";
import type { CheckResult } from "./check.ts";
import type { RequestCheck } from "../checks-file.ts";

/** Sends a request to the ingress gateway; by default a GET without headers. */
export type Ask = (path: string, request?: AskedRequest) => Promise<Response>;

export interface AskedRequest {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

const CLOSED = [403, 404];

/**
 * Checks requests in turn through the ingress gateway.
 * @param isOpen whether the gateway routes a path to a revision
 */
export async function contractChecks(
  ask: Ask,
  requests: readonly RequestCheck[],
  isOpen: (path: string) => boolean,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const request of requests) {
    const isClosed = request.mayBeClosed === true && !isOpen(request.path);
    // A path is closed by a policy that refuses it, or by no route. No answer at all proves nothing.
    results.push(await requestCheck(ask, isClosed ? { ...request, expect: { status: CLOSED } } : request));
  }
  return results;
}

async function requestCheck(ask: Ask, check: RequestCheck): Promise<CheckResult> {
  const { path, method = "GET", host, headers = {}, body, expect } = check;
  const sent = Object.entries(host === undefined ? headers : { host, ...headers });
  const shown = sent.length === 0 ? "" : ` (${sent.map((field) => field.join(": ")).join(", ")})`;
  const name = `${check.name === undefined ? "" : `${check.name}: `}${method} ${path}${shown}`;
  const statuses = [expect.status ?? 200].flat();
  const wanted = Object.entries(expect.headers ?? {});
  const bodies = [...("json" in expect ? [expect.json] : []), ...(expect.jsonOneOf ?? [])];
  const expected = [
    statuses.join(" or "),
    ...wanted.map(([field, value]) => `${field}: ${value}`),
    ...(bodies.length === 0 ? [] : [bodies.map((each) => shorten(JSON.stringify(each))).join(" or ")]),
  ].join(", ");
  const result = { group: "contract", name, expected };
  try {
    const response = await ask(path, {
      method,
      headers: Object.fromEntries(sent),
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    const answered = jsonOf(text);
    const same = (value: unknown): boolean =>
      expect.keysInOrder === true
        ? JSON.stringify(value) === JSON.stringify(answered?.value)
        : answered !== undefined && Bun.deepEquals(value, answered.value, true);
    const isJson = bodies.length === 0 || (isOfJson(response) && bodies.some(same));
    const seen = [
      String(response.status),
      ...wanted.map(([field]) => `${field}: ${response.headers.get(field) ?? "none"}`),
      ...(bodies.length === 0 ? [] : [isOfJson(response) ? shorten(text) : `${shorten(text)}, not as JSON`]),
    ].join(", ");
    const hasHeaders = wanted.every(([field, value]) => response.headers.get(field) === value);
    return { ...result, seen, ok: statuses.includes(response.status) && hasHeaders && isJson };
  } catch (error) {
    return { ...result, seen: errorText(error), ok: false };
  }
}

function jsonOf(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function isOfJson(response: Response): boolean {
  return /^application\/([a-z.-]+\+)?json\b/.test(response.headers.get("content-type") ?? "");
}

function shorten(body: string): string {
  return body.length > 60 ? `${body.slice(0, 57)}…` : body;
}
