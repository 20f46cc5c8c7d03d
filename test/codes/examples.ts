import type { Code } from "../../scripts/manifests/codes/codes.ts";
import { policy, routes, SERVICE, to } from "../../scripts/lint/testing/findings.ts";
import {
  basic,
  HOST,
  rule,
  withRule,
  inRule,
  headers,
  deployed,
  edited,
  container,
  scaled,
  networking,
  gateway,
  gateways,
  subsets,
  allow,
  ACTIVATOR,
  splitOfPods,
  twoRoutes,
  NAMESPACE,
  OPEN,
  type Example,
} from "./example-texts.ts";

/** An input for each code. */
export const EXAMPLES: Readonly<Record<Code, Example>> = {
  "yaml-syntax": { folder: { "a.yaml": "a: [1\n" } },
  "yaml-limit": { folder: { "a.yaml": `a: ${"[".repeat(101)}` } },
  "unreadable-file": { folder: { "kustomization.yaml": "resources: [a.yaml]\n" } },
  "kustomization-missing": {
    folder: { "kustomization.yaml": "resources: [b]\n", "b/a.yaml": NAMESPACE },
  },
  "kustomization-cycle": {
    folder: { "kustomization.yaml": "resources: [b]\n", "b/kustomization.yaml": "resources: [..]\n" },
  },
  "kustomization-build": { built: { "kustomization.yaml": "namespace: a\nresources: [a.yaml]\n" } },
  "kustomization-form": { folder: { "kustomization.yaml": "# nothing\n" } },
  "not-an-object": { lint: ["[1, 2]\n"] },
  "unknown-kind": { lint: [networking("VirtualServise", "{}")] },
  "ignored-kind": { lenient: networking("Sidecar", "{}") },
  "api-version": { folder: { "a.yaml": NAMESPACE.replace("v1", "networking.istio.io/v1") } },
  "described-twice": { lint: [SERVICE, routes(rule("")), routes(rule(""))] },
  "unknown-field": inRule("retires: {}"),
  "refused-field": edited("tag: basic", "tag: basic, url: 'http://a'"),
  "missing-field": withRule(rule("", "{weight: 1}")),
  "wrong-type": inRule("timeout: 5"),
  "wrong-value": inRule("timeout: 5 s"),
  "cluster-form": gateway(
    "{selector: {a: b}, servers: [{port: {number: 443, name: a, protocol: TLS}, hosts: ['*']}]}",
  ),
  "local-mesh": inRule("delegate: {name: other}"),
  "ignored-field": { lenient: routes(rule("delegate: {name: other}")) },

  "service-name-taken": edited("name: own,", "name: credit-check,"),
  "external-name": edited("knative-local-gateway.istio-system", "else.where"),
  "revision-twice": edited("name: credit-check-advanced}", "name: credit-check-basic}"),
  "revision-name": edited("name: credit-check-basic}", "name: basic}"),
  "traffic-target": edited("revisionName: credit-check-basic, tag", "tag"),
  "known-revision": edited("revisionName: credit-check-basic", "revisionName: other"),
  "tag-twice": edited("credit-check-advanced, percent", "credit-check-advanced, tag: basic, percent"),
  "percents-sum": edited("advanced, percent: 50", "advanced, percent: 40"),
  "earlier-traffic": edited(
    "[{image: a}]}\n---",
    "[{image: a}]}\n  traffic: [{latestRevision: true, percent: 100}]\n---",
  ),
  visibility: edited(
    "namespace: kyc}\nspec:",
    "namespace: kyc, labels: {networking.knative.dev/visibility: private}}\nspec:",
  ),
  "reserved-variable": container("env: [{name: PORT, value: '1'}]"),
  "reserved-port": container("ports: [{containerPort: 8012}]"),
  "variable-reference": container("env: [{name: A, value: $(B)}]"),
  "scaling-place": edited(
    "namespace: kyc}\nspec:",
    "namespace: kyc, annotations: {autoscaling.knative.dev/min-scale: '1'}}\nspec:",
  ),
  "scaling-annotation": scaled("autoscaling.knative.dev/min-scal: '1'"),
  "scaling-limits": scaled("autoscaling.knative.dev/min-scale: '2', autoscaling.knative.dev/max-scale: '1'"),
  "scaling-window": scaled("autoscaling.knative.dev/window: 1s"),
  "program-missing": { run: SERVICE },
  "port-taken": { run: SERVICE, dev: "images: {a: {command: [sh], port: 3000}}" },
  "rollout-target": { lint: [SERVICE, "service: credit-chek\nto: advanced"] },
  "rollout-steps": { lint: [SERVICE, "service: credit-check\nto: advanced\nsteps: [10, 50]"] },
  "value-missing": {
    run: SERVICE.replace(
      "[{image: a}]",
      "[{image: a, env: [{name: A, valueFrom: {secretKeyRef: {name: a, key: b}}}]}]",
    ),
  },
  "no-container": { deploy: SERVICE.replace("spec: {containers: [{image: a}]}", "spec: {}") },
  "revision-changed": { deployTwice: ['"value":"advanced"', '"value":"another"'] },

  "own-host": withRule(rule(""), "hosts: [credit-check.kyc.svc.cluster.local]"),
  "one-virtual-service": { lint: twoRoutes("mesh") },
  "shared-gateway-host": { lint: twoRoutes("knative-serving/knative-ingress-gateway") },
  "no-wildcard-on-mesh": withRule(rule(""), "hosts: ['*']"),
  "known-gateway": withRule(rule(""), "hosts: [a.example], gateways: [knative-serving/other]"),
  "gateway-conflict": gateways("{number: 80, name: t, protocol: TCP}, hosts: ['*']"),
  "shared-certificate": gateways(
    "{number: 443, name: a, protocol: HTTPS}, hosts: [a.example], tls: {mode: SIMPLE, credentialName: c}",
    "{number: 443, name: b, protocol: HTTPS}, hosts: [b.example], tls: {mode: SIMPLE, credentialName: c}",
  ),
  "destination-port": {
    lint: [
      "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: kyc}\nspec: {ports: [{port: 80}, {port: 81}]}\n",
      routes("{route: [{destination: {host: a.kyc.svc.cluster.local}}]}"),
    ],
  },
  "gateway-host": {
    lint: [
      SERVICE,
      networking("Gateway", `{selector: {istio: ingressgateway}, ${OPEN.replace("*", "b.example")}}`, "g"),
      routes(rule(""), "hosts: [a.example], gateways: [g]"),
    ],
  },
  "gateway-certificate": {
    certificates: `${networking(
      "Gateway",
      "{servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ['*'], tls: {mode: SIMPLE, credentialName: c}}]}",
      "g",
    )}---\napiVersion: v1\nkind: Secret\nmetadata: {name: c, namespace: kyc}\nstringData: {tls.crt: a, tls.key: b}\n`,
  },
  "match-gateway": inRule("match: [{gateways: [other]}]"),
  "bucket-gaps": withRule(
    `${rule("match: [{headers: {x-bucket: {regex: '0[0-9]{3}'}}}]")}, ${rule("match: [{headers: {x-bucket: {regex: '[2-9][0-9]{3}'}}}]")}, ${rule("")}`,
  ),
  "unreachable-rule": withRule(`${rule("")}, ${rule("match: [{uri: {prefix: /a}}]")}`),
  "undecided-rule": withRule(
    [...Array.from({ length: 40 }, (_, i) => `.*user=${i}(;.*)?`), ".*user=3;.*user=4"]
      .map((cookie) => rule(`match: [{headers: {cookie: {regex: '${cookie}'}}}]`))
      .join(", "),
  ),
  regex: inRule("match: [{uri: {regex: '/(?=a)'}}]"),
  "rule-without-action": withRule("{name: a}"),
  "host-set-twice": inRule("rewrite: {authority: a}, headers: {request: {set: {host: b}}}"),
  "weights-zero": withRule(rule("", `${to("basic", ", weight: 0")}, ${to("advanced", ", weight: 0")}`)),
  "rewrite-fields": inRule("rewrite: {uri: /a, uriRegexRewrite: {match: /b, rewrite: /c}}"),
  "rewrite-substitution": inRule("rewrite: {uriRegexRewrite: {match: /b, rewrite: '\\1'}}"),
  "mirror-fields": inRule(`mirror: {host: ${HOST}}, mirrors: [{destination: {host: ${HOST}}}]`),
  "known-host": withRule(rule("", "{destination: {host: ratings.books.svc.cluster.local}}")),
  "revision-port": withRule(rule("", basic.replace("number: 80", "number: 8012"))),
  "known-subset": withRule(rule("", basic.replace("port:", "subset: v1, port:"))),
  "subset-host": subsets("own.kyc.svc.cluster.local", "{name: v1}"),
  "gateway-subset": subsets("credit-check.kyc.svc.cluster.local", "{name: v1}"),
  "subset-twice": subsets(HOST, "{name: v1}, {name: v1}"),
  "subset-labels": subsets(HOST, "{name: v1, labels: {version: v1}}"),
  "subset-without-pods": deployed("app: a", "version: v1", "subset: v1"),
  "service-without-pods": deployed("app: b", "version: v1", "subset: v1"),
  "pods-at-zero": { lint: [splitOfPods({ ofV2: "replicas: 0, " })] },
  "shared-pods": { lint: [splitOfPods({ labelsOfV2: "version: v1" })] },
  "pod-readiness": { lint: [splitOfPods({})] },
  "service-port": deployed("app: a, version: v1", "version: v1", "port: {number: 81}"),
  "cors-origins": inRule("corsPolicy: {allowMethods: [GET]}"),
  "cors-max-age": inRule("corsPolicy: {allowOrigins: [{exact: '*'}], maxAge: 1.5s}"),
  "cors-without-route": withRule("{redirect: {uri: /a}, corsPolicy: {allowOrigins: [{exact: '*'}]}}"),
  "fault-percentage": inRule("fault: {abort: {httpStatus: 500}}"),
  "fault-incomplete": inRule("fault: {delay: {percentage: {value: 10}}}"),
  "fault-too-rare": inRule("fault: {abort: {httpStatus: 500, percentage: {value: 0.00001}}}"),
  "retries-off": withRule(rule("").replace("attempts: 0", "attempts: 0, retryOn: 5xx")),
  "retry-condition": withRule(rule("").replace("attempts: 0", "attempts: 1, retryOn: sometimes")),
  "retry-backoff": withRule(rule("").replace("attempts: 0", "attempts: 1, backoff: 0.5ms")),
  "host-header": headers("remove: [host]"),
  "header-placeholder": headers("set: {a: '%PROTOCOL%'}"),
  "connection-header": headers("set: {te: trailers}"),
  "answer-fields": withRule(`{redirect: {uri: /a}, route: [${basic}]}`),
  "unused-in-answer": withRule("{redirect: {uri: /a}, timeout: 1s}"),
  "redirect-fields": withRule("{redirect: {uri: /a, prefixRewrite: /b}}"),
  "redirect-prefix": withRule("{match: [{uri: {exact: /a}}], redirect: {prefixRewrite: /b}}"),

  "knative-headers": withRule(rule("", `{destination: {host: ${HOST}}}`)),
  "explicit-retries": withRule(`{route: [${basic}]}`),
  "weights-sum": withRule(rule("", `${to("basic", ", weight: 90")}, ${to("advanced", ", weight: 20")}`)),
  "lone-weight": withRule(rule("", to("basic", ", weight: 10"))),
  "source-labels": inRule("match: [{gateways: [mesh], sourceLabels: {app: a}}]"),
  "cluster-local": withRule(
    rule(
      "rewrite: {authority: credit-check.kyc.svc.cluster.local}",
      "{destination: {host: istio-ingressgateway.istio-system.svc.cluster.local}}",
    ),
  ),
  "rewrite-per-route": withRule(
    rule(
      "rewrite: {authority: credit-check.kyc.svc.cluster.local}",
      "{destination: {host: knative-local-gateway.istio-system.svc.cluster.local}, weight: 50}, {destination: {host: knative-local-gateway.istio-system.svc.cluster.local}, weight: 50}",
    ),
  ),
  "kept-in-traffic": {
    lint: [
      SERVICE.replace(/percent: 50}\n.*advanced, percent: 50/, "percent: 100"),
      routes(rule("", to("advanced"))),
    ],
  },
  "full-names": { lint: [networking("DestinationRule", "{host: reviews}")] },
  "host-resolves": withRule(rule(""), "hosts: [other.kyc.svc.cluster.local]"),
  "mesh-forgotten": withRule(
    rule(""),
    "hosts: [own.kyc.svc.cluster.local], gateways: [knative-serving/knative-local-gateway]",
  ),
  "gateway-name": withRule(
    rule(""),
    "hosts: [a.example], gateways: [knative-ingress-gateway.knative-serving.svc.cluster.local]",
  ),
  delegate: {
    lint: [
      routes("{delegate: {name: second}}"),
      routes(rule(""), "hosts: [a.example]").replace("name: own,", "name: second,"),
    ],
  },
  "one-destination-rule": {
    lint: ["a", "b"].map((name) => networking("DestinationRule", "{host: r.kyc.svc.cluster.local}", name)),
  },
  "make-before-break": {
    lint: [
      SERVICE,
      routes(rule("", `{destination: {host: ${HOST}, subset: v1}}`)),
      networking("DestinationRule", `{host: ${HOST}, subsets: [{name: v1}]}`),
    ],
  },
  "revision-subset": subsets(HOST, "{name: v1}"),
  "activator-in-mesh": {
    lint: [
      policy("PeerAuthentication", "{mtls: {mode: STRICT}}"),
      NAMESPACE.replace("name: a", "name: knative-serving, labels: {app: x}"),
    ],
  },
  "webhook-permissive": {
    lint: [policy("PeerAuthentication", "{mtls: {mode: STRICT}}", "knative-serving")],
  },
  "port-level-mtls": { lint: [policy("PeerAuthentication", "{portLevelMtls: {80: {mode: STRICT}}}")] },
  "allow-activator": allow("{from: [{source: {principals: [cluster.local/ns/kyc/sa/caller]}}]}"),
  "allow-probes": allow(
    `{from: [{source: {principals: [${ACTIVATOR}]}}], to: [{operation: {paths: [/credit-check/*]}}]}`,
  ),
  "caller-hidden": allow(`{from: [{source: {principals: [${ACTIVATOR}, cluster.local/ns/kyc/sa/caller]}}]}`),
};
