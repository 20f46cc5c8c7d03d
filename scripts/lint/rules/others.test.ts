import { describe, expect, test } from "bun:test";
import { findingsIn, placesOf, policy, routes, SERVICE, to } from "../testing/findings.ts";

const ONCE = `{retries: {attempts: 0}, route: [${to("basic")}]}`;
const rulesOf = (...texts: string[]): string[] => findingsIn(...texts).map(({ code }) => code);

describe("hosts and gateways", () => {
  test("full-names finds short ones, in DestinationRules too", () => {
    const short = `{retries: {attempts: 0}, route: [${to("basic").replace(".kyc.svc.cluster.local", "")}]}`;
    expect(placesOf("full-names", SERVICE, routes(short, "hosts: [own]"))).toEqual([
      "4 spec.hosts[0]",
      "5 spec.http[0].route[0].destination.host",
    ]);
    const rule = policy("DestinationRule", "{host: reviews}").replace("security", "networking");
    expect(placesOf("full-names", rule)).toEqual(["4 spec.host"]);
  });

  test("host-resolves finds a host without a Service or ServiceEntry of its name", () => {
    const other = routes(ONCE, "hosts: [other.kyc.svc.cluster.local, a.example.com]");
    expect(placesOf("host-resolves", SERVICE, other)).toEqual(["4 spec.hosts[0]"]);
    const entry = policy("ServiceEntry", "{hosts: [other.kyc.svc.cluster.local]}").replace(
      "security",
      "networking",
    );
    expect(placesOf("host-resolves", SERVICE, other, entry)).toEqual([]);
  });

  test("mesh-forgotten finds gateways that leave sidecars out", () => {
    const at = (gateways: string): string =>
      routes(ONCE, `hosts: [own.kyc.svc.cluster.local], gateways: [${gateways}]`);
    expect(placesOf("mesh-forgotten", SERVICE, at("knative-serving/knative-local-gateway"))).toEqual([
      "4 spec.gateways",
    ]);
    expect(placesOf("mesh-forgotten", SERVICE, at("mesh, knative-serving/knative-local-gateway"))).toEqual(
      [],
    );
  });

  test("gateway-name finds the old form", () => {
    const old = routes(
      ONCE,
      "hosts: [a.example.com], gateways: [knative-ingress-gateway.knative-serving.svc.cluster.local]",
    );
    const found = findingsIn(SERVICE, old).find(({ code }) => code === "gateway-name");
    expect(found?.fix).toBe("write knative-serving/knative-ingress-gateway");
  });

  test("delegate finds hosts of its own, a further delegate and regular expressions", () => {
    const delegating = routes(
      "{match: [{uri: {prefix: /a}}], delegate: {name: second}}",
      "hosts: [own.kyc.svc.cluster.local]",
    );
    const second = routes(
      "{match: [{uri: {regex: '/a.*'}}], delegate: {name: third}}",
      "hosts: [own.kyc.svc.cluster.local]",
    ).replace("name: own,", "name: second,");
    expect(placesOf("delegate", SERVICE, delegating, second).toSorted()).toEqual([
      "4 spec.hosts",
      "5 spec.http[0].delegate",
      "5 spec.http[0].match[0]",
    ]);
  });
});

describe("DestinationRules", () => {
  const named = (name: string, spec: string): string =>
    policy("DestinationRule", spec, "kyc", name).replace("security", "networking");

  test("one-destination-rule finds a second one for a host", () => {
    const [one, two] = ["a", "b"].map((name) => named(name, "{host: r.kyc.svc.cluster.local}")) as [
      string,
      string,
    ];
    expect(placesOf("one-destination-rule", one, two)).toEqual(["4 spec.host"]);
  });

  test("make-before-break finds rules before the subset that they name", () => {
    const rule = named(
      "a",
      "{host: credit-check.kyc.svc.cluster.local, subsets: [{name: v1, labels: {app: x}}]}",
    );
    const http =
      "{retries: {attempts: 0}, route: [{destination: {host: credit-check.kyc.svc.cluster.local, subset: v1}}]}";
    const place = "5 spec.http[0].route[0].destination.subset";
    expect(placesOf("make-before-break", SERVICE, routes(http), rule)).toEqual([place]);
    expect(placesOf("make-before-break", SERVICE, rule, routes(http))).toEqual([]);
  });

  test("revision-subset finds subsets of Knative's hosts", () => {
    const on = (host: string): string => named("a", `{host: ${host}, subsets: [{name: v1}]}`);
    expect(placesOf("revision-subset", SERVICE, on("credit-check-basic.kyc.svc.cluster.local"))).toEqual([
      "4 spec.subsets",
    ]);
    expect(placesOf("revision-subset", SERVICE, on("reviews.kyc.svc.cluster.local"))).toEqual([]);
  });
});

describe("mutual TLS", () => {
  const STRICT = policy("PeerAuthentication", "{mtls: {mode: STRICT}}");
  const knative = (labels: string): string =>
    `apiVersion: v1\nkind: Namespace\nmetadata: {name: knative-serving, labels: {${labels}}}\n`;

  test("activator-in-mesh finds knative-serving without sidecars, if it is described", () => {
    expect(placesOf("activator-in-mesh", STRICT, knative("app: x"))).toEqual(["3 metadata.labels"]);
    expect(rulesOf(STRICT, knative("istio-injection: enabled"))).toEqual([]);
    expect(rulesOf(knative("app: x"))).toEqual([]);
  });

  test("webhook-permissive finds STRICT without the exception for the API server", () => {
    const strict = policy("PeerAuthentication", "{mtls: {mode: STRICT}}", "knative-serving");
    const open = policy(
      "PeerAuthentication",
      "{selector: {matchLabels: {app: webhook}}, portLevelMtls: {8443: {mode: PERMISSIVE}}}",
      "knative-serving",
      "webhook",
    );
    expect(placesOf("webhook-permissive", strict)).toEqual(["4 spec.mtls.mode"]);
    expect(rulesOf(strict, open)).toEqual([]);
  });

  test("port-level-mtls finds ports without a selector", () => {
    expect(
      placesOf("port-level-mtls", policy("PeerAuthentication", "{portLevelMtls: {80: {mode: STRICT}}}")),
    ).toEqual(["4 spec.portLevelMtls"]);
  });
});

describe("policies that allow some callers", () => {
  const SELECTOR = "selector: {matchLabels: {serving.knative.dev/service: credit-check}}";
  const from = (...who: string[]): string => `from: [{source: {principals: [${who.join()}]}}]`;
  const allow = (...rules: string[]): string =>
    policy(
      "AuthorizationPolicy",
      `{${SELECTOR}, action: ALLOW, rules: [${rules.map((rule) => `{${rule}}`).join()}]}`,
    );
  const ACTIVATOR = "cluster.local/ns/knative-serving/sa/activator";
  const CALLER = "cluster.local/ns/kyc/sa/kyc-aggregator";
  const guard = policy("AuthorizationPolicy", "{action: DENY, rules: [{}]}", "knative-serving");

  test("have to allow the activator", () => {
    expect(rulesOf(allow(from(CALLER)))).toEqual(["allow-activator"]);
    expect(rulesOf(allow("to: [{operation: {methods: [GET]}}]"))).toEqual([]);
    expect(rulesOf(allow(from(CALLER)).replace("ALLOW", "DENY"))).toEqual([]);
  });

  test("have to allow it Knative's own paths", () => {
    const paths = (list: string): string => `${from(ACTIVATOR)}, to: [{operation: {paths: [${list}]}}]`;
    expect(rulesOf(guard, allow(paths("/credit-check/*")))).toEqual(["allow-probes"]);
    expect(rulesOf(guard, allow(paths("/credit-check/*, /metrics, '/health*'")))).toEqual([]);
  });

  test("do not keep out callers that come through the activator, unless it is guarded too", () => {
    for (const rules of [[from(ACTIVATOR, CALLER)], [from(ACTIVATOR), from(CALLER)]]) {
      expect(rulesOf(allow(...rules))).toEqual(["caller-hidden"]);
      expect(rulesOf(guard, allow(...rules))).toEqual([]);
    }
  });

  test("are checked only if they apply to Knative's pods", () => {
    const all = policy("AuthorizationPolicy", `{rules: [{${from(CALLER)}}]}`);
    expect(rulesOf(SERVICE, all)).toEqual(["allow-activator"]);
    expect(rulesOf(all)).toEqual([]);
  });
});

describe("findings of reading and compiling", () => {
  test.each([
    ["own-host", "error", routes(ONCE, "hosts: [credit-check.kyc.svc.cluster.local]")],
    ["no-wildcard-on-mesh", "error", routes(ONCE, "hosts: ['*']")],
    [
      "unreachable-rule",
      "warning",
      routes(`${ONCE}, ${ONCE.replace("retries", "match: [{uri: {prefix: /a}}], retries")}`),
    ],
    ["retries-off", "error", routes(ONCE.replace("attempts: 0", "attempts: 0, retryOn: 5xx"))],
    [
      "regex",
      "error",
      routes(`{retries: {attempts: 0}, match: [{uri: {regex: '/(?=a)'}}], route: [${to("basic")}]}`),
    ],
    ["known-host", "error", routes(ONCE.replace("host: credit-check-basic", "host: credit-chek-basic"))],
    ["known-host", "warning", routes(ONCE.replace("host: credit-check-basic.kyc", "host: ratings.books"))],
    ["local-mesh", "warning", routes(ONCE.replace("retries", "delegate: {name: other}, retries"))],
    ["unknown-field", "error", routes(ONCE.replace("retries", "retires: {}, retries"))],
  ])("is a finding of %s: %s", (code, severity, text) => {
    const found = findingsIn(SERVICE, text).find((finding) => finding.code === code);
    expect(found?.severity).toBe(severity as "error");
  });

  test("is percents that sum to 90", () => {
    expect(
      placesOf("percents-sum", SERVICE.replace("advanced, percent: 50", "advanced, percent: 40")),
    ).toEqual(["16 spec.traffic"]);
  });
});

test("other kinds are ignored, except for likely misspellings", () => {
  const other = policy("Deployment", "{}").replace("security.istio.io", "apps");
  expect(rulesOf(other)).toEqual([]);
  const slip = findingsIn(policy("PeerAuthentcation", "{}"))[0];
  expect([slip?.code, slip?.fix]).toEqual(["unknown-kind", "did you mean PeerAuthentication?"]);
});

describe("objects as kubectl get -o yaml prints them", () => {
  const delegate = routes(ONCE, "gateways: [mesh]");
  const listed = (text: string): string =>
    `apiVersion: v1\nkind: List\nmetadata: {resourceVersion: ""}\nitems:\n- ${text.trimEnd().replaceAll("\n", "\n  ")}\n`;

  test("are checked one by one, each at its own lines", () => {
    const wrong = routes(ONCE.replace("retries", "retires: {}, retries"));
    expect(placesOf("unknown-field", SERVICE, listed(wrong))).toEqual(["9 spec.http[0].retires"]);
    expect(findingsIn(SERVICE, listed(routes(ONCE)))).toEqual([]);
  });

  test("may be in a form that only a cluster reads, without an error", () => {
    const tcp =
      "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: kyc}\nspec: {hosts: [a.example], tcp: [{route: [{destination: {host: a.example}}]}]}\n";
    const https = policy(
      "Gateway",
      "{selector: {istio: ingressgateway}, servers: [{port: {number: 443, name: a, protocol: HTTPS}, tls: {mode: PASSTHROUGH}, hosts: ['*']}]}",
    ).replace("security", "networking");
    const h2c = SERVICE.replace("[{image: a}]", "[{image: a, ports: [{containerPort: 8080, name: h2c}]}]");
    for (const text of [delegate, tcp, https, h2c]) {
      expect(placesOf("cluster-form", text)).toHaveLength(1);
      expect(findingsIn(text).filter(({ severity }) => severity === "error")).toEqual([]);
    }
    expect(
      placesOf("missing-field", tcp.replace("tcp: ", "exportTo: ").replace(/\[\{route.*\]\}/, "['*']}")),
    ).toHaveLength(1);
  });
});

describe("Gateways for the same proxies", () => {
  const gateway = (name: string, server: string, selector = "{istio: ingressgateway}"): string =>
    policy("Gateway", `{selector: ${selector}, servers: [{port: ${server}}]}`, "kyc", name).replace(
      "security",
      "networking",
    );
  const http = "{number: 80, name: http, protocol: HTTP}, hosts: [a.example]";
  const tcp = "{number: 80, name: tcp, protocol: TCP}, hosts: ['*']";
  const tls = (hosts: string, secret: string): string =>
    `{number: 443, name: tls, protocol: HTTPS}, hosts: [${hosts}], tls: {mode: SIMPLE, credentialName: ${secret}}`;

  test("gateway-conflict finds a port with two protocols, and a host with two servers for TLS", () => {
    const code = "gateway-conflict";
    expect(placesOf(code, gateway("a", http), gateway("b", tcp))).toEqual([
      "4 spec.servers[0].port.protocol",
    ]);
    expect(
      placesOf(code, gateway("a", tls("'*', a.example", "a")), gateway("b", tls("./a.example", "b"))),
    ).toEqual(["4 spec.servers[0].hosts[0]"]);
  });

  test("gateway-conflict accepts servers that Istio merges: plain HTTP for one host, other hosts, other proxies", () => {
    for (const [one, other, selector] of [
      [http, http],
      [http, tcp, "{istio: egressgateway}"],
      [http, tcp.replace("80", "81")],
      [tls("a.example", "a"), tls("b.example", "b")],
    ] as const)
      expect(placesOf("gateway-conflict", gateway("a", one), gateway("b", other, selector))).toEqual([]);
  });

  test("shared-certificate finds one certificate in two Gateways, not in two servers of one", () => {
    const [one, other] = [tls("a.example", "c"), tls("b.example", "c")];
    expect(placesOf("shared-certificate", gateway("a", one), gateway("b", other))).toEqual([
      "4 spec.servers[0].tls.credentialName",
    ]);
    expect(placesOf("shared-certificate", gateway("a", `${one}}, {port: ${other}`))).toEqual([]);
    expect(placesOf("shared-certificate", gateway("a", one), gateway("b", tls("b.example", "d")))).toEqual(
      [],
    );
  });
});

test("destination-port finds a port that the Service does not have, and a choice among several", () => {
  const service = (ports: string, more = ""): string =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: kyc}\nspec: {${more}ports: [${ports}]}\n`;
  const to = (port: string): string =>
    routes(`{route: [{destination: {host: a.kyc.svc.cluster.local${port}}}]}`);
  const code = "destination-port";
  const two = "{port: 80}, {port: 81}";
  expect(placesOf(code, service(two), to(""))).toEqual(["5 spec.http[0].route[0].destination"]);
  expect(placesOf(code, service(two), to(", port: {number: 82}"))).toEqual([
    "5 spec.http[0].route[0].destination.port.number",
  ]);
  expect(placesOf(code, service(two), to(", port: {number: 81}"))).toEqual([]);
  expect(placesOf(code, service("{port: 9080}"), to(""))).toEqual([]);
  expect(placesOf(code, service(two, "type: ExternalName, externalName: x.example, "), to(""))).toEqual([]);
});

test("kinds of Istio without routes are not reported as misspelt", () => {
  for (const kind of ["RequestAuthentication", "Telemetry", "EnvoyFilter", "WorkloadEntry"])
    expect(findingsIn(policy(kind, "{}"))).toEqual([]);
});
