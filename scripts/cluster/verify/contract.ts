import { errorText } from "../error-text.ts";
import type { CheckResult } from "./check.ts";

/** Sends a request to the ingress gateway. */
export type Ask = (path: string, headers?: Readonly<Record<string, string>>) => Promise<Response>;

const FLAGS = [
  "blackListed",
  "restrictedNational",
  "suspiciousActivity",
  "interpolConductBad",
  "militaryTrained",
  "employmentBad",
  "creditUsageBad",
];

/** The aggregator's answer for a report type: nine keys in the contract's order. */
export function customerBody(type: string): string {
  const flags = FLAGS.map((flag) => [flag, false]);
  return JSON.stringify(Object.fromEntries([["type", type], ...flags, ["backgroundCheckPass", true]]));
}

const BASIC_CHECK = '{"type":"BASIC","blackListed":false,"backgroundCheckPass":true}';

interface Row {
  name: string;
  path: string;
  headers?: Record<string, string>;
  status: number;
  /** One of these bodies; any when undefined. */
  bodies?: readonly string[];
  /** A response header that must have this value. */
  header?: readonly [name: string, value: string];
}

const BASIC = customerBody("BASIC");
const ADVANCED = customerBody("ADVANCED");

function rows({ creditCheck, swagger }: PublicPaths): Row[] {
  const contract: Row[] = [];
  for (const prefix of ["", "/ingress"]) {
    const path = `${prefix}/kyc/v1/customer`;
    contract.push(
      { name: "the basic report", path: `${path}?type=basicReport`, status: 200, bodies: [BASIC] },
      { name: "the advanced report", path: `${path}?type=advancedReport`, status: 200, bodies: [ADVANCED] },
      { name: "no type", path, status: 200, bodies: [BASIC, ADVANCED] },
      { name: "another type", path: `${path}?type=BasicReport`, status: 200, bodies: [BASIC, ADVANCED] },
    );
  }
  for (const version of ["basic", "advanced"]) {
    contract.push({
      name: `pinned to ${version}`,
      path: "/kyc/v1/customer",
      headers: { "end-user": version },
      status: 200,
      bodies: [customerBody(version.toUpperCase())],
      header: ["x-kyc-revision", `credit-check-${version}`],
    });
  }
  contract.push({ name: "the way to Swagger", path: "/", status: 302, header: ["location", "/swagger"] });
  if (swagger) contract.push({ name: "the OpenAPI document", path: "/swagger/json", status: 200 });
  if (creditCheck) {
    contract.push(
      { name: "the basic check itself", path: "/credit-check/basic", status: 200, bodies: [BASIC_CHECK] },
      { name: "the advanced check itself", path: "/credit-check/advanced", status: 200, bodies: [ADVANCED] },
    );
  }
  return contract;
}

/** What the ingress gateway leads to beside the aggregator's own paths. The strict overlay closes both. */
export interface PublicPaths {
  creditCheck: boolean;
  swagger: boolean;
}

/** Checks the contract, row by row, through the ingress gateway, and that what is not public is closed. */
export async function contractChecks(ask: Ask, open: PublicPaths): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const row of rows(open)) results.push(await contractCheck(ask, row));
  if (!open.creditCheck) results.push(await closedCheck(ask, "the credit check", "/credit-check/basic"));
  if (!open.swagger) results.push(await closedCheck(ask, "the Swagger UI", "/swagger"));
  return results;
}

async function contractCheck(ask: Ask, row: Row): Promise<CheckResult> {
  const header = row.header ? `, ${row.header[0]}: ${row.header[1]}` : "";
  const kinds = (row.bodies ?? []).map(typeOf).join(" or ");
  const expected = `${row.status}${kinds === "" ? "" : ` ${kinds}`}${header}`;
  const pin = row.headers === undefined ? "" : ` (${Object.entries(row.headers).flat().join(": ")})`;
  const name = `${row.name}: GET ${row.path}${pin}`;
  try {
    const response = await ask(row.path, row.headers);
    const body = await response.text();
    const found = row.header ? `, ${row.header[0]}: ${response.headers.get(row.header[0]) ?? "none"}` : "";
    const known = row.bodies === undefined || row.bodies.includes(body);
    const asExpected =
      response.status === row.status &&
      known &&
      found === header &&
      (row.bodies === undefined || isJson(response));
    const what = row.bodies === undefined ? "" : ` ${known ? typeOf(body) : shorten(body)}`;
    return { group: "contract", name, expected, seen: `${response.status}${what}${found}`, ok: asExpected };
  } catch (error) {
    return {
      group: "contract",
      name,
      expected,
      seen: errorText(error),
      ok: false,
    };
  }
}

/** A path is closed by a policy that refuses it, or by no route. No answer at all proves nothing. */
async function closedCheck(ask: Ask, what: string, path: string): Promise<CheckResult> {
  const name = `${what} from outside: GET ${path}`;
  const result = { group: "contract", name, expected: "403 or 404" };
  try {
    const response = await ask(path);
    await response.text();
    return { ...result, seen: String(response.status), ok: [403, 404].includes(response.status) };
  } catch (error) {
    return { ...result, seen: errorText(error), ok: false };
  }
}

function typeOf(body: string): string {
  return /^\{"type":"([A-Z0-9_]+)"/.exec(body)?.[1] ?? "another body";
}

function isJson(response: Response): boolean {
  return (response.headers.get("content-type") ?? "").startsWith("application/json");
}

function shorten(body: string): string {
  return body.length > 60 ? `${body.slice(0, 57)}…` : body;
}
