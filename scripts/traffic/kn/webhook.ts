import type { KnTarget } from "./target.ts";

const LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const NO_LABEL =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/**
 * The sentence in which Knative's webhook refuses a traffic block, as kn and kubectl pass it on; undefined when it takes
 * it. (serving, pkg/apis/serving/v1/route_validation.go)
 */
export function webhookRefusal(block: readonly KnTarget[]): string | undefined {
  const errors: string[] = [];
  for (const [i, { tag, percent }] of block.entries()) {
    if (percent < 0 || percent > 100)
      errors.push(`expected 0 <= ${percent} <= 100: spec.traffic[${i}].percent`);
    if (tag === undefined) continue;
    const wrong = [
      ...(tag.length > 63 ? ["must be no more than 63 characters"] : []),
      ...(LABEL.test(tag) ? [] : [NO_LABEL]),
    ];
    if (wrong.length > 0)
      errors.push(`invalid value: not a DNS 1035 label: [${wrong.join(" ")}]: spec.traffic.tag[${i}]`);
    const other = block.findIndex((target) => target.tag === tag);
    if (other < i)
      errors.push(`Multiple definitions for "${tag}": spec.traffic[${other}].tag, spec.traffic[${i}].tag`);
  }
  const sum = block.reduce((all, { percent }) => all + percent, 0);
  if (sum !== 100) errors.push(`Traffic targets sum to ${sum}, want 100: spec.traffic`);
  return errors.length === 0
    ? undefined
    : `admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: ${errors.sort().join("\n")}`;
}
