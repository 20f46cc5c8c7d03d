import type { FieldPath } from "../../manifests/document.ts";
import type { Facts } from "./facts.ts";
import type { Remark, Rule } from "../finding.ts";
import type { AuthorizationPolicy } from "../../manifests/kinds/istio-security.ts";
import type { Partially } from "../../manifests/validate.ts";
import { namespaceOf, type Sourced } from "./read-objects.ts";

const KNATIVE = "knative-serving";
const SERVICE_LABEL = "serving.knative.dev/service";

type PolicyRule = Partially<NonNullable<NonNullable<AuthorizationPolicy["spec"]>["rules"]>[number]>;

/** Rules for authorization and mutual TLS, where Knative's own pods are also callers. */
export const SECURITY_RULES: readonly Rule<Facts>[] = [
  {
    code: "activator-in-mesh",
    *check({ objects }) {
      const strict = objects.peerAuthentications.find(({ value }) => value.spec?.mtls?.mode === "STRICT");
      const namespace = objects.namespaces.find(({ value }) => value.metadata.name === KNATIVE);
      if (strict === undefined || namespace === undefined) return;
      if (namespace.value.metadata.labels?.["istio-injection"] === "enabled") return;
      yield {
        document: namespace.document,
        path: ["metadata", "labels"],
        message: `PeerAuthentication ${strict.value.metadata.name} is STRICT, and without sidecars the activator cannot reach a revision`,
        fix: "add the label istio-injection: enabled, and restart the pods of knative-serving",
      };
    },
  },
  {
    code: "webhook-permissive",
    *check({ objects }) {
      const own = objects.peerAuthentications.filter((source) => namespaceOf(source) === KNATIVE);
      const isOpen = own.some(({ value }) => {
        const mode = value.spec?.portLevelMtls?.["8443"]?.mode;
        return value.spec?.selector !== undefined && (mode === "PERMISSIVE" || mode === "DISABLE");
      });
      if (isOpen) return;
      for (const { value, document } of own) {
        if (value.spec?.mtls?.mode !== "STRICT" || value.spec.selector !== undefined) continue;
        yield {
          document,
          path: ["spec", "mtls", "mode"],
          message: "the API server no longer reaches Knative's webhooks on port 8443",
          fix: "add a PeerAuthentication for the webhook's pods with portLevelMtls 8443 PERMISSIVE",
        };
      }
    },
  },
  {
    code: "port-level-mtls",
    *check({ objects }) {
      for (const { value, document } of objects.peerAuthentications) {
        if (value.spec?.portLevelMtls === undefined || value.spec.selector !== undefined) continue;
        yield {
          document,
          path: ["spec", "portLevelMtls"],
          message: "without a selector portLevelMtls has no effect",
          fix: "add selector.matchLabels",
        };
      }
    },
  },
  {
    code: "allow-activator",
    *check(facts) {
      for (const source of allowing(facts)) {
        const rules = source.value.spec?.rules ?? [];
        if (rules.some((rule) => admits(rule, isKnative))) continue;
        yield remark(source, ["spec", "rules"], {
          message: "this denies Knative's activator: requests that come through it get 403",
          fix: `allow the principal cluster.local/ns/${KNATIVE}/sa/activator too`,
        });
      }
    },
  },
  {
    code: "allow-probes",
    *check(facts) {
      for (const source of allowing(facts)) {
        const rules = (source.value.spec?.rules ?? []).filter((rule) => admits(rule, isKnative));
        if (rules.length === 0) continue;
        const missing = ["/metrics", "/healthz"].filter((path) => !rules.some((rule) => opens(rule, path)));
        if (missing.length === 0) continue;
        yield remark(source, ["spec", "rules"], {
          message: `this denies ${KNATIVE} the paths ${missing.join(" and ")}: Knative can neither scale nor probe`,
          fix: "allow them, or name no paths for it",
        });
      }
    },
  },
  {
    code: "caller-hidden",
    *check(facts) {
      const guarded = facts.objects.authorizationPolicies.some(
        (source) => namespaceOf(source) === KNATIVE && source.value.spec?.action === "DENY",
      );
      if (guarded) return;
      for (const source of allowing(facts)) {
        const rules = source.value.spec?.rules ?? [];
        const isForSome =
          rules.some((rule) => rule.from !== undefined && !admits(rule, isKnative)) || rules.some(isMixed);
        if (!isForSome || !rules.some((rule) => admits(rule, isActivator))) continue;
        yield remark(source, ["spec", "rules"], {
          message:
            "every caller that comes through the activator has its identity, so this policy does not keep callers apart",
          fix: `deny the same callers at the activator, by a policy in ${KNATIVE}, or let the service authenticate callers`,
        });
      }
    },
  },
];

/** Policies that allow some callers of a Knative Service's pods. */
function allowing({ objects, services }: Facts): Sourced<AuthorizationPolicy>[] {
  return objects.authorizationPolicies.filter((source) => {
    const { spec } = source.value;
    if (spec?.action !== undefined && spec.action !== "ALLOW") return false;
    const label = spec?.selector?.matchLabels?.[SERVICE_LABEL];
    if (label !== undefined) return true;
    const isForAll = spec?.selector === undefined;
    return isForAll && services.some(({ namespace }) => namespace === namespaceOf(source));
  });
}

function remark(
  { document }: Sourced<AuthorizationPolicy>,
  path: FieldPath,
  said: Pick<Remark, "message" | "fix">,
): Remark {
  return { document, path, ...said };
}

function isKnative(who: string): boolean {
  return who === "*" || who === KNATIVE || who.includes(`/ns/${KNATIVE}/`);
}

function isActivator(who: string): boolean {
  return (
    who === "*" ||
    who === KNATIVE ||
    who.endsWith(`/ns/${KNATIVE}/sa/activator`) ||
    who.endsWith(`/ns/${KNATIVE}/*`)
  );
}

/** Whether a rule admits a caller; a rule without a source admits all. */
function admits(rule: PolicyRule, isMeant: (who: string) => boolean): boolean {
  if (rule.from === undefined) return true;
  return whoIn(rule).some(isMeant);
}

function whoIn({ from = [] }: PolicyRule): string[] {
  return from.flatMap(({ source }) => [...(source?.principals ?? []), ...(source?.namespaces ?? [])]);
}

/** Whether a rule admits the activator and, separately, other callers. */
function isMixed(rule: PolicyRule): boolean {
  return whoIn(rule).some(isActivator) && whoIn(rule).some((who) => !isKnative(who));
}

function opens({ to }: PolicyRule, path: string): boolean {
  if (to === undefined) return true;
  return to.some(
    ({ operation: { paths } = {} }) => paths === undefined || paths.some((open) => covers(open, path)),
  );
}

function covers(pattern: string, path: string): boolean {
  if (pattern.endsWith("*")) return path.startsWith(pattern.slice(0, -1));
  return pattern === path || (pattern.startsWith("*") && path.endsWith(pattern.slice(1)));
}
