import { bytesIn, quoted } from "./quote.ts";
import type { KnTarget } from "./target.ts";

/** An error and all its places. */
interface FieldError {
  message: string;
  path: string;
  details?: string;
}

const TAG = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const NO_TAG =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const NO_NAME =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NO_SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/**
 * Returns the error of Knative's webhook for a traffic block, as kn and kubectl show it; undefined for an accepted
 * block. (serving, pkg/apis/serving/v1/route_validation.go; knative/pkg, apis/field_error.go)
 */
export function webhookRefusal(block: readonly KnTarget[]): string | undefined {
  const errors = [...block.entries()].flatMap(([i, target]) => targetErrors(block, i, target));
  // Sums of binary fractions are not exact.
  const sum = Math.round(block.reduce((all, { percent }) => all + percent, 0) * 1e6) / 1e6;
  if (sum !== 100) errors.push({ message: `Traffic targets sum to ${sum}, want 100`, path: "spec.traffic" });
  return errors.length === 0
    ? undefined
    : `admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: ${merged(errors)}`;
}

function targetErrors(
  block: readonly KnTarget[],
  i: number,
  { tag, revisionName, percent }: KnTarget,
): FieldError[] {
  const errors: FieldError[] = [];
  const path = `spec.traffic[${i}]`;
  const wrongName = revisionName === undefined ? [] : nameErrors(revisionName);
  if (wrongName.length > 0)
    errors.push({
      message: `invalid key name ${quoted(revisionName ?? "")}`,
      path: `${path}.revisionName`,
      details: wrongName.join(", "),
    });
  if (percent < 0 || percent > 100)
    errors.push({ message: `expected 0 <= ${percent} <= 100`, path: `${path}.percent` });
  if (tag === undefined) return errors;
  const wrongTag = [...(bytesIn(tag) > 63 ? [tooLong(63)] : []), ...(TAG.test(tag) ? [] : [NO_TAG])];
  if (wrongTag.length > 0)
    errors.push({
      message: `invalid value: not a DNS 1035 label: [${wrongTag.join(" ")}]`,
      path: `spec.traffic.tag[${i}]`,
    });
  const other = block.findIndex((target) => target.tag === tag);
  if (other < i)
    for (const index of [other, i])
      errors.push({
        message: `Multiple definitions for ${quoted(tag)}`,
        path: `spec.traffic[${index}].tag`,
      });
  return errors;
}

/** Returns why a revision's name is not a qualified name. (apimachinery, pkg/util/validation/validation.go) */
function nameErrors(text: string): string[] {
  const parts = text.split("/");
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (parts.length > 2)
    return [
      `a qualified name ${NO_NAME} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const errors: string[] = [];
  if (prefix === "") errors.push("prefix part must be non-empty");
  else if (prefix !== undefined) {
    if (bytesIn(prefix) > 253) errors.push(`prefix part ${tooLong(253)}`);
    if (!SUBDOMAIN.test(prefix)) errors.push(`prefix part ${NO_SUBDOMAIN}`);
  }
  if (name === "") errors.push("name part must be non-empty");
  else if (bytesIn(name) > 63) errors.push(`name part ${tooLong(63)}`);
  if (!NAME.test(name)) errors.push(`name part ${NO_NAME}`);
  return errors;
}

/** Formats errors in order, one line each and one more for details; equal messages share a line with all places. */
function merged(errors: readonly FieldError[]): string {
  const groups = Map.groupBy(errors, ({ message, details = "" }) => JSON.stringify([message, details]));
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const paths = [...new Set(group.map(({ path }) => path))].sort().join(", ");
      return [{ message: first.message, paths, details: first.details ?? "" }];
    })
    .sort((a, b) => order(a.message, b.message) || order(a.details, b.details))
    .map(({ message, paths, details }) => `${message}: ${paths}${details === "" ? "" : `\n${details}`}`)
    .join("\n");
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function tooLong(bytes: number): string {
  return `must be no more than ${bytes} characters`;
}
