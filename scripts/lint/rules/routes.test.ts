import { describe, expect, test } from "bun:test";
import { findingsIn, placesOf, routes, SERVICE, to } from "../testing/findings.ts";

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

  test("finds them in the route too, in any letter case, and needs none for hosts that are not revisions", () => {
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

describe("bucket-gaps", () => {
  const http = (...regexes: string[]): string =>
    [
      ...regexes.map((regex) => rule(to("basic"), `match: [{headers: {x-bucket: {regex: '${regex}'}}}]`)),
      rule(to("basic")),
    ].join(",\n");
  const messages = (...regexes: string[]): string[] =>
    findingsIn(SERVICE, routes(http(...regexes)))
      .filter(({ code }) => code === "bucket-gaps")
      .map(({ at, message }) => `${at.line} ${message}`);

  test("finds buckets that no rule matches, and those that several match", () => {
    expect(messages("0[0-9]{3}", "[2-9][0-9]{3}")).toEqual([
      "5 of the buckets of x-bucket, no rule matches 1000 to 1999",
    ]);
    expect(messages("[0-5][0-9]{3}|6000", "[6-9][0-9]{3}")).toEqual([
      "5 of the buckets of x-bucket, several rules match 6000",
    ]);
    expect(messages("[0-5][0-9]{3}", "[5-8][0-9]{3}")).toEqual([
      "5 of the buckets of x-bucket, no rule matches 9000 to 9999, and several rules match 5000 to 5999",
    ]);
  });

  test("finds nothing if ranges are adjacent, or values are not buckets", () => {
    expect(messages("[0-5][0-9]{3}", "[6-9][0-9]{3}")).toEqual([]);
    expect(messages("2024", "2025")).toEqual([]);
    expect(messages("basic|advanced")).toEqual([]);
  });
});

test("source-labels finds those that a match with gateways ignores", () => {
  const http = (match: string): string => routes(`{${ONCE}, match: [${match}], route: [${to("basic")}]}`);
  expect(placesOf("source-labels", SERVICE, http("{gateways: [mesh], sourceLabels: {app: a}}"))).toEqual([
    "5 spec.http[0].match[0].sourceLabels",
  ]);
  expect(placesOf("source-labels", SERVICE, http("{sourceLabels: {app: a}}"))).toEqual([]);
});

test("cluster-local finds a cluster-local host that is called through the ingress gateway", () => {
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

test("unreachable-rule finds a rule whose requests earlier rules take", () => {
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

test("unreachable-rule distinguishes a rule that can never match from one that earlier rules cover", () => {
  const said = (...http: string[]): string[] =>
    findingsIn(SERVICE, routes(http.join(",\n")))
      .filter(({ code }) => code === "unreachable-rule")
      .map(({ at, message }) => `${at.line} ${message}`);
  const only = (match: string): string => rule(to("basic"), `match: [${match}]`);
  const noPath = "this rule never matches: every path begins with /, and none meets the condition on uri";
  for (const match of [
    "{uri: {regex: something}}",
    "{uri: {exact: api}}",
    "{uri: {prefix: 'x'}, method: {exact: GET}}",
  ])
    expect(said(only(match))).toEqual([`5 ${noPath}`]);
  const noRequest = "this rule never matches: no request meets its conditions";
  expect(said(only("{method: {exact: 'a b'}}"))).toEqual([`5 ${noRequest}`]);
  expect(said(only("{headers: {h: {exact: a}}, withoutHeaders: {h: {prefix: a}}}"))).toEqual([
    `5 ${noRequest}`,
  ]);
  expect(said(only("{uri: {exact: /A}, ignoreUriCase: true}"), only("{uri: {exact: /a}}"))).toEqual([
    "7 unreachable: earlier rules match all of its requests",
  ]);
});

test("a regular expression that RE2 refuses is a finding in every field", () => {
  for (const source of ["(?<=a)b", "[", "(((a{100}){100}){100})"]) {
    const regex = `{regex: '${source}'}`;
    const http = [
      ...["uri", "method", "authority"].map((part) => rule(to("basic"), `match: [{${part}: ${regex}}]`)),
      ...["headers", "withoutHeaders", "queryParams"].map((part) =>
        rule(to("basic"), `match: [{${part}: {x: ${regex}}}]`),
      ),
      rule(to("basic"), `rewrite: {uriRegexRewrite: {match: '${source}', rewrite: /}}`),
      rule(to("basic"), `corsPolicy: {allowOrigins: [${regex}]}`),
      rule(to("basic")),
    ];
    expect(placesOf("regex", SERVICE, routes(http.join(",\n")))).toEqual([
      "5 spec.http[0].match[0].uri.regex",
      "7 spec.http[1].match[0].method.regex",
      "9 spec.http[2].match[0].authority.regex",
      "11 spec.http[3].match[0].headers.x.regex",
      "13 spec.http[4].match[0].withoutHeaders.x.regex",
      "15 spec.http[5].match[0].queryParams.x.regex",
      "17 spec.http[6].rewrite.uriRegexRewrite.match",
      "19 spec.http[7].corsPolicy.allowOrigins[0].regex",
    ]);
  }
});

test("1,000 rules are linted in a time that grows with their number", () => {
  const of = (count: number): string =>
    routes(
      Array.from({ length: count }, (_, i) =>
        rule(
          "{destination: {host: a.kyc.svc.cluster.local}}",
          `match: [{uri: {${i % 2 ? "exact" : "prefix"}: /p${i}/}}]`,
        ),
      ).join(",\n"),
    );
  const cpu = (text: string): number => {
    const before = process.cpuUsage();
    expect(findingsIn(text).filter(({ code }) => code === "unreachable-rule")).toEqual([]);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const [few, many] = [of(125), of(1000)];
  cpu(few);
  // Eight times the rules: quadratic time would be 64 times as long.
  expect(cpu(many) / cpu(few)).toBeLessThan(30);
});

test("an unreachable rule is found among 2,000", () => {
  const each = Array.from({ length: 2000 }, (_, i) =>
    rule("{destination: {host: a.kyc.svc.cluster.local}}", `match: [{uri: {exact: /p${i}}}]`),
  );
  each.push(
    rule(
      "{destination: {host: a.kyc.svc.cluster.local}}",
      "match: [{uri: {exact: /p7}, method: {exact: GET}}]",
    ),
  );
  expect(placesOf("unreachable-rule", routes(each.join(",\n")))).toHaveLength(1);
});

test("many overlapping expressions do not take exponential time: a rule is found, or reported as undecided", () => {
  const found = (path: (i: number) => string, covered: string): string[] => {
    const each = Array.from({ length: 40 }, (_, i) =>
      rule(
        to("basic"),
        `match: [{uri: {regex: '${path(i)}'}, headers: {cookie: {regex: '.*user=${i}(;.*)?'}}}]`,
      ),
    );
    const last = rule(
      to("basic"),
      `match: [{uri: {regex: '${covered}'}, headers: {cookie: {regex: '.*user=3;.*user=4'}}}]`,
    );
    const codes = findingsIn(routes([...each, last].join(",\n"))).map(({ code }) => code);
    return codes.filter((code) => /^un(reachable|decided)-rule$/.test(code));
  };
  expect(found((i) => `/v${i}/[a-z]+`, "/v3/[ab]+")).toEqual(["unreachable-rule"]);
  // Each expression adds to the classes of cookies.
  expect(found(() => "/[a-z]+", "/[ab]+")).toEqual(["undecided-rule"]);
});
