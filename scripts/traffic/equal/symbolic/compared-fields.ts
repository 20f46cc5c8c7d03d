import type { Rule } from "../../table.ts";
import { Undecidable } from "../automata/automaton.ts";

/**
 * The fields of a table's parts that the comparison takes into account. A field that is not among them, and says
 * something, may mean a difference that nobody here knows of: then nothing is decided.
 */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  rule: ["at", "matches", "action"],
  match: ["uri", "ignoreUriCase", "method", "authority", "headers", "withoutHeaders", "queryParams"],
  forward: [
    "kind",
    "destinations",
    "totalWeight",
    "rewriteUri",
    "rewriteRegex",
    "fault",
    "mirrors",
    "timeoutMs",
    "retry",
    "request",
    "response",
  ],
  destination: ["host", "port", "subset", "weight", "authority", "request", "response", "backend"],
  retry: ["attempts", "perTryTimeoutMs", "on", "backOffMs", "avoidsTried", "remoteLocalities"],
  fault: ["delay", "abort"],
  mirror: ["host", "port", "subset", "percent", "backend"],
  redirect: ["kind", "status", "uri", "prefix", "authority", "scheme", "port", "response"],
  direct: ["kind", "status", "body", "response"],
};

const checked = new WeakSet<Rule>();

/** @throws Undecidable when a rule says something that is not taken into account */
export function checkKnown(rule: Rule): void {
  if (checked.has(rule)) return;
  check("rule", rule);
  for (const match of rule.matches) check("match", match);
  const { action } = rule;
  check(action.kind, action);
  if (action.kind === "forward") {
    check("retry", action.retry);
    if (action.fault !== undefined) check("fault", action.fault);
    for (const destination of action.destinations) check("destination", destination);
    for (const mirror of action.mirrors) check("mirror", mirror);
  }
  checked.add(rule);

  function check(what: string, of: object): void {
    for (const [field, value] of Object.entries(of)) {
      const saysNothing =
        value === undefined || value === false || (Array.isArray(value) && value.length === 0);
      if (KNOWN[what]?.includes(field) === true || saysNothing) continue;
      throw new Undecidable(`${field} of a ${what} at ${rule.at.file}:${rule.at.line} is not compared yet`);
    }
  }
}
