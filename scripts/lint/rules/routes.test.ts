import { describe, expect, test } from "bun:test";
import { findingsIn, placesOf, routes, SERVICE, to } from "../testing.ts";

const ONCE = "retries: {attempts: 0}";
const rule = (route: string, more = ""): string =>
  `{${ONCE}, ${more === "" ? "" : `${more}, `}route: [\n${route}]}`;
const GATEWAY = "knative-local-gateway.istio-system.svc.cluster.local";

test("rules as Knative itself writes them have nothing to find", () => {
  expect(
    findingsIn(SERVICE, routes(rule(`${to("basic", ", weight: 30")},\n${to("advanced", ", weight: 70")}`))),
  ).toEqual([]);
});

describe("knative-headers", () => {
  const plain = "{destination: {host: credit-check-basic.kyc.svc.cluster.local}}";

  test("finds a revision without them, with others, and with them added and not set", () => {
    const other = to("basic").replace(
      "Knative-Serving-Revision: credit-check-basic",
      "Knative-Serving-Revision: x",
    );
    const added = to("basic").replace("request: {set", "request: {add");
    for (const destination of [plain, other, added])
      expect(placesOf("knative-headers", SERVICE, routes(rule(destination)))).toEqual([
        "6 spec.http[0].route[0]",
      ]);
  });

  test("takes them from the route too, in any case of letters, and asks none for what is no revision", () => {
    const headers =
      "headers: {request: {set: {knative-serving-namespace: kyc, KNATIVE-SERVING-REVISION: credit-check-basic}}}";
    expect(placesOf("knative-headers", SERVICE, routes(rule(plain, headers)))).toEqual([]);
    expect(placesOf("knative-headers", SERVICE, routes(rule(`{destination: {host: ${GATEWAY}}}`)))).toEqual(
      [],
    );
  });
});

test("revision-port finds the ports of the pods", () => {
  const at = (port: number): string => routes(rule(to("basic").replace("number: 80", `number: ${port}`)));
  const field = "6 spec.http[0].route[0].destination.port.number";
  expect(placesOf("revision-port", SERVICE, at(8012))).toEqual([field]);
  for (const port of [80, 81, 443]) {
    const findings = findingsIn(SERVICE, at(port)).filter(({ message }) =>
      message.startsWith("the Service of"),
    );
    expect(findings).toEqual([]);
  }
});

test("explicit-retries finds a route without them, and no redirect", () => {
  const http = `{route: [${to("basic")}], match: [{uri: {exact: /a}}]}, {redirect: {uri: /}}`;
  expect(placesOf("explicit-retries", SERVICE, routes(http))).toEqual(["5 spec.http[0]"]);
});

describe("weights", () => {
  test.each([
    ["90 and 20", [90, 20], ["5 spec.http[0].route"]],
    ["50 and 50", [50, 50], []],
    ["0 and 100", [0, 100], []],
  ])("weights-sum: %s", (_, [basic, advanced], expected) => {
    const http = rule(`${to("basic", `, weight: ${basic}`)}, ${to("advanced", `, weight: ${advanced}`)}`);
    expect(placesOf("weights-sum", SERVICE, routes(http))).toEqual(expected);
  });

  test("lone-weight finds one that is not 100", () => {
    expect(placesOf("lone-weight", SERVICE, routes(rule(to("basic", ", weight: 0"))))).toEqual([
      "6 spec.http[0].route[0].weight",
    ]);
    expect(placesOf("lone-weight", SERVICE, routes(rule(to("basic", ", weight: 100"))))).toEqual([]);
    expect(placesOf("lone-weight", SERVICE, routes(rule(to("basic"))))).toEqual([]);
  });
});

test("source-labels finds those that a match with gateways ignores", () => {
  const http = (match: string): string => routes(`{${ONCE}, match: [${match}], route: [${to("basic")}]}`);
  expect(placesOf("source-labels", SERVICE, http("{gateways: [mesh], sourceLabels: {app: a}}"))).toEqual([
    "5 spec.http[0].match[0].sourceLabels",
  ]);
  expect(placesOf("source-labels", SERVICE, http("{sourceLabels: {app: a}}"))).toEqual([]);
});

test("cluster-local finds a host of the cluster that is asked of the ingress gateway", () => {
  const under = (host: string): string =>
    routes(
      rule(
        "{destination: {host: istio-ingressgateway.istio-system.svc.cluster.local}}",
        `rewrite: {authority: ${host}}`,
      ),
    );
  expect(placesOf("cluster-local", SERVICE, under("credit-check.kyc.svc.cluster.local"))).toEqual([
    "6 spec.http[0].route[0].destination.host",
  ]);
  expect(placesOf("cluster-local", SERVICE, under("check.example.com"))).toEqual([]);
});

test("rewrite-per-route finds weights that decide nothing", () => {
  const http = (count: number): string =>
    routes(
      rule(
        Array.from({ length: count }, () => `{destination: {host: ${GATEWAY}}, weight: 50}`).join(),
        "rewrite: {authority: credit-check.kyc.svc.cluster.local}",
      ),
    );
  expect(placesOf("rewrite-per-route", SERVICE, http(2))).toEqual(["5 spec.http[0].rewrite.authority"]);
  expect(placesOf("rewrite-per-route", SERVICE, http(1))).toEqual([]);
});

test("kept-in-traffic finds a revision that the traffic block does not name, once", () => {
  const service = SERVICE.replace(
    "percent: 50}\n    - {revisionName: credit-check-advanced, percent: 50}",
    "percent: 100}",
  );
  const http = `${rule(to("advanced"), "match: [{uri: {exact: /a}}]")}, ${rule(to("advanced"))}`;
  expect(placesOf("kept-in-traffic", service, routes(http))).toEqual([
    "6 spec.http[0].route[0].destination.host",
  ]);
  expect(placesOf("kept-in-traffic", SERVICE, routes(http))).toEqual([]);
});

test("unreachable-rule finds a rule that those before it leave nothing, by all that they ask", () => {
  const http = [
    rule(to("basic"), "match: [{uri: {prefix: /a}}, {uri: {regex: '/b.*'}, headers: {h: {exact: x}}}]"),
    rule(to("advanced"), "match: [{uri: {regex: '/a[0-9]+'}}]"),
    rule(to("advanced"), "match: [{uri: {exact: /b1}}]"),
    rule(to("advanced"), "match: [{uri: {exact: /b2}, headers: {h: {exact: x}}}]"),
    rule(to("basic")),
  ];
  const places = findingsIn(SERVICE, routes(http.join(",\n"))).map(({ code, at }) => `${code} ${at.line}`);
  expect(places).toEqual(["unreachable-rule 7", "unreachable-rule 11"]);
});
