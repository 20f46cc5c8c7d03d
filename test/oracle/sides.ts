import fc from "fast-check";
import type { Proxy } from "./pilot.ts";

/** The proxies whose configuration is compared; the gateway has the pods that `istio: ingressgateway` selects. */
export const PROXIES: readonly Proxy[] = [
  { name: "shop", type: "sidecar", namespace: "shop", labels: {} },
  { name: "front", type: "sidecar", namespace: "shop", labels: { app: "front" } },
  { name: "team", type: "sidecar", namespace: "team", labels: {} },
  {
    name: "gateway",
    type: "router",
    namespace: "istio-system",
    labels: { istio: "ingressgateway", app: "istio-ingressgateway" },
  },
];

const service = (name: string, namespace: string, ports: number[]): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: {
    clusterIP: `10.0.${namespace.length}.${name.length}`,
    selector: { app: name },
    ports: ports.map((port) => ({ name: `http-${port}`, port, protocol: "TCP", targetPort: port })),
  },
});

/** The Services of both sides. */
export const SERVICES: readonly object[] = [
  service("reviews", "shop", [9080]),
  service("ratings", "shop", [80, 8080]),
  service("web", "team", [80]),
];

const istio = (kind: string, name: string, namespace: string, spec: object): object => ({
  apiVersion: "networking.istio.io/v1",
  kind,
  metadata: { name, namespace },
  spec,
});

const optional = { requiredKeys: [] };
const path = fc.constantFrom("/", "/a", "/a/", "/a/b", "/b", "/A", "/ab");
const uri = fc.oneof(
  fc.record({ exact: path }),
  { weight: 3, arbitrary: fc.record({ prefix: path }) },
  fc.record({ regex: fc.constantFrom("/a.*", "/[ab]", "/.*", "/a/(b|c)") }),
);
const word = fc.oneof(
  fc.record({ exact: fc.constantFrom("x", "y") }),
  fc.record({ prefix: fc.constantFrom("x", "y") }),
  fc.record({ regex: fc.constantFrom("x|y", ".+") }),
);
const byName = fc.dictionary(fc.constantFrom("h-one", "h-two"), word, { minKeys: 1, maxKeys: 2 });
const match = fc.oneof(
  { weight: 4, arbitrary: fc.record({ uri }) },
  fc.record({ headers: byName }),
  fc.record({ uri, headers: byName }),
  fc.record({ uri, method: fc.record({ exact: fc.constantFrom("GET", "POST") }) }),
  fc.record({ withoutHeaders: byName }),
  fc.record({ queryParams: fc.dictionary(fc.constantFrom("p", "q"), word, { minKeys: 1, maxKeys: 1 }) }),
  fc.record({ uri, port: fc.constantFrom(80, 8080, 9080) }),
  fc.record({
    sourceLabels: fc.constantFrom<object>({ app: "front" }, { app: "other" }, { istio: "ingressgateway" }),
  }),
  fc.record({ uri, sourceNamespace: fc.constantFrom("shop", "team", "istio-system") }),
  fc.record({ uri, sourceNamespace: fc.constant("shop"), gateways: fc.constantFrom(["mesh"], ["kyc"]) }),
  fc.record({ uri, gateways: fc.constantFrom(["mesh"], ["kyc"], ["mesh", "kyc"], ["kyc-too"]) }),
  fc.record({ uri, ignoreUriCase: fc.boolean() }),
);
const destination = fc.constantFrom<object>(
  { host: "reviews", subset: "v1" },
  { host: "reviews", subset: "v2" },
  { host: "reviews.shop.svc.cluster.local" },
  { host: "reviews", port: { number: 9080 } },
  { host: "ratings", port: { number: 80 } },
  { host: "ratings", port: { number: 8080 } },
  { host: "web.team.svc.cluster.local" },
  { host: "reviews", subset: "v9" },
  { host: "ratings.shop.svc.cluster.local", port: { number: 81 } },
);
const changes = fc.constantFrom<object>(
  { request: { set: { "x-a": "1" } } },
  { response: { add: { "x-b": "2" } } },
  { request: { remove: ["h-one"] } },
);
const route = fc.oneof(
  { weight: 3, arbitrary: fc.record({ destination }).map((one) => [one]) },
  fc
    .tuple(destination, destination, fc.constantFrom([50, 50], [90, 10], [1, 3], [0, 100]))
    .map(([x, y, [a, b]]) => [
      { destination: x, weight: a },
      { destination: y, weight: b },
    ]),
);
const extras = fc.record(
  {
    timeout: fc.constantFrom("1s", "5s"),
    retries: fc.constantFrom<object>({ attempts: 0 }, { attempts: 3, perTryTimeout: "2s" }),
    rewrite: fc.constantFrom<object>({ uri: "/r" }, { uri: "/" }, { authority: "other.example" }),
    headers: changes,
    fault: fc.constantFrom<object>(
      { abort: { httpStatus: 503, percentage: { value: 10 } } },
      { delay: { fixedDelay: "1s", percentage: { value: 100 } } },
    ),
    mirror: destination,
  },
  optional,
);
const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ route }) },
  { weight: 2, arbitrary: fc.tuple(route, extras).map(([to, more]) => ({ route: to, ...more })) },
  fc.constantFrom<object>(
    { redirect: { uri: "/moved" } },
    { redirect: { authority: "new.example", redirectCode: 302 } },
    { directResponse: { status: 418 } },
  ),
);
const rule = fc
  .tuple(fc.option(fc.array(match, { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 4 }), action)
  .map(([matches, then]) => (matches === undefined ? then : { match: matches, ...then }));
const rules = fc.array(rule, { minLength: 1, maxLength: 3 });
const exportTo = fc.constantFrom<object>(
  {},
  {},
  {},
  { exportTo: ["."] },
  { exportTo: ["team"] },
  { exportTo: ["*"] },
);
const places = fc.constantFrom<object>(
  { hosts: ["reviews"] },
  { hosts: ["reviews.shop.svc.cluster.local"] },
  { hosts: ["reviews", "ratings"] },
  { hosts: ["ratings"], gateways: ["mesh", "kyc"] },
  { hosts: ["www.shop.example"], gateways: ["kyc"] },
  { hosts: ["*.shop.example"], gateways: ["kyc"] },
  { hosts: ["shop.example", "www.shop.example"], gateways: ["kyc"] },
  { hosts: ["www.shop.example"], gateways: ["kyc", "kyc-8080"] },
  { hosts: ["shop.example"], gateways: ["kyc-8080"] },
  { hosts: ["*"], gateways: ["kyc"] },
  { hosts: ["*", "*.shop.example"], gateways: ["kyc"] },
  { hosts: ["www.shop.example"], gateways: ["kyc", "kyc-too"] },
  { hosts: ["*.example"], gateways: ["kyc-too"] },
  { hosts: ["*.shop.svc.cluster.local"] },
  { hosts: ["*.shop.example", "reviews.shop"] },
);
const virtualService = (name: string) =>
  fc
    .tuple(places, rules, exportTo)
    .map(([place, http, visible]) => istio("VirtualService", name, "shop", { ...place, ...visible, http }));
const delegating = fc.tuple(places, rules, rules, match).map(([place, first, sub, under]) => [
  istio("VirtualService", "root", "shop", {
    ...place,
    http: [{ match: [under], delegate: { name: "sub", namespace: "team" } }, ...first],
  }),
  istio("VirtualService", "sub", "team", { http: sub }),
]);
const http = (name: string, hosts: string[], more: object = {}): object => ({
  port: { number: 80, name, protocol: "HTTP" },
  hosts,
  ...more,
});
const toHttps = { tls: { httpsRedirect: true } };
const gateways = fc
  .constantFrom<object[]>(
    [http("http", ["*"])],
    [http("http", ["*"])],
    [http("http", ["*.shop.example", "shop.example"])],
    [http("http", ["*.shop.example", "shop.example"])],
    [http("http", ["www.shop.example", "ratings.shop.svc.cluster.local"])],
    [http("http", ["www.shop.example", "ratings.shop.svc.cluster.local"])],
    [http("http", ["shop/*.shop.example", "team/shop.example", "./ratings.shop.svc.cluster.local"])],
    [http("one", ["*.shop.example"]), http("two", ["www.shop.example", "*/shop.example"])],
    [http("one", ["www.shop.example"], toHttps), http("two", ["*"])],
    [http("one", ["*"]), http("two", ["*.shop.example"], toHttps)],
  )
  .map((servers) => [
    istio("Gateway", "kyc", "shop", { selector: { istio: "ingressgateway" }, servers }),
    istio("Gateway", "kyc-too", "shop", {
      selector: { istio: "ingressgateway" },
      servers: [http("http", ["www.shop.example", "shop.example"])],
    }),
    istio("Gateway", "kyc-8080", "shop", {
      selector: { istio: "ingressgateway" },
      servers: [{ port: { number: 8080, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
    }),
  ]);
const destinationRules = fc.constantFrom<object[]>(
  [
    istio("DestinationRule", "reviews", "shop", {
      host: "reviews",
      subsets: [
        { name: "v1", labels: { version: "v1" } },
        { name: "v2", labels: { version: "v2" } },
      ],
    }),
  ],
  [
    istio("DestinationRule", "reviews", "shop", {
      host: "reviews.shop.svc.cluster.local",
      trafficPolicy: { loadBalancer: { simple: "RANDOM" } },
      subsets: [
        { name: "v1", labels: { version: "v1" } },
        { name: "v2", labels: { version: "v2" } },
      ],
    }),
  ],
);
/** The objects of one side. */
export const aSide = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.tuple(virtualService("one")) },
      { weight: 2, arbitrary: fc.tuple(virtualService("one"), virtualService("two")) },
      { weight: 1, arbitrary: delegating },
    ),
    gateways,
    destinationRules,
  )
  .map((parts) => parts.flat());
