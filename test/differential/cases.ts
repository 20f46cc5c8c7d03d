import fc from "fast-check";
import { rule, wish } from "./arbitraries.ts";
import { ASKS } from "./echo-names.ts";

/** A rule of a VirtualService as in YAML; `toRules` repairs combinations that Istio refuses. */
export type Rule = Record<string, unknown>;

/** A request, sent to both sides. */
export interface Wish {
  method: string;
  target: string;
  headers: [name: string, value: string][];
  body: string;
}

/** A table and the requests to it. */
export interface Case {
  rules: Rule[];
  requests: Wish[];
}

/** Typical rules, with requests that often match them. */
export function aCase(requests: number): fc.Arbitrary<Case> {
  return fc.record({
    rules: fc.array(rule, { minLength: 1, maxLength: 5 }),
    requests: fc.array(wish, { minLength: requests, maxLength: requests }),
  });
}

/** The same without time limits and delays, so that the load of the machine affects no answer. */
export function timeless({ rules, requests }: Case): Case {
  return {
    rules: rules.map(({ timeout: _, ...rest }) => rest),
    requests: requests.map((one) => ({
      ...one,
      headers: one.headers.filter(([name]) => name !== ASKS.sleep),
    })),
  };
}

/** Repairs generated rules that Istio would refuse. */
export function toRules(rules: readonly Rule[]): Rule[] {
  const good = rules.map((written) => {
    const {
      match: conditions,
      redirect,
      mirror,
      mirrorPercentage,
      ...rest
    } = structuredClone(written) as {
      match?: Record<string, unknown>[];
      redirect?: Record<string, unknown>;
      mirror?: object;
      mirrorPercentage?: object;
      route?: { weight?: number }[];
      rewrite?: { authority?: string };
      headers?: { request?: { set?: Record<string, string> } };
    };
    // A match without conditions matches every request; Istio requires that `match` is omitted then.
    const some = conditions?.filter((one) => Object.keys(one).some((key) => key !== "ignoreUriCase"));
    const whole = some !== undefined && some.length > 0 && some.length === conditions?.length;
    if (rest.rewrite?.authority !== undefined) delete rest.headers?.request?.set?.["Host"];
    if (rest.route?.every(({ weight = 0 }) => weight === 0) && rest.route[0] !== undefined)
      rest.route[0].weight = 1;
    const target = redirect && {
      ...(Object.keys(redirect).some((key) => key !== "redirectCode") ? {} : { uri: "/new" }),
      ...redirect,
    };
    return {
      ...(whole ? { match: conditions } : {}),
      ...rest,
      ...(target ? { redirect: target } : {}),
      ...(mirror ? { mirror } : {}),
      ...(mirror && mirrorPercentage ? { mirrorPercentage } : {}),
    };
  });
  const last = good.findIndex((one) => !("match" in one));
  return last < 0 ? good : good.slice(0, last + 1);
}
