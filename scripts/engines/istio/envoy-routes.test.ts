import { describe, expect, test } from "bun:test";
import { catchAllShares, readRoutes } from "./envoy-routes.ts";
import { sharesOf } from "./in-force.ts";

const HOST = "kyc-credit-check.kyc.svc.cluster.local";
const BASIC = "credit-check-basic.kyc.svc.cluster.local";
const ADVANCED = "credit-check-advanced.kyc.svc.cluster.local";
const GATEWAY = "knative-local-gateway.istio-system.svc.cluster.local";

/** Returns the configuration of a proxy with one virtual host whose last route has these destinations. */
function dump(route: object, domains = [HOST, `${HOST}:*`]): string {
  const pinned = {
    name: "basic",
    match: { prefix: "/", headers: [{ name: "end-user", string_match: { exact: "basic" } }] },
    route: { cluster: `outbound|80||${BASIC}` },
  };
  const routes = [
    pinned,
    { match: { path: "/a" }, redirect: {} },
    { name: "split", match: { prefix: "/" }, route },
  ];
  const other = {
    domains: ["other.kyc"],
    routes: [{ match: { prefix: "/" }, route: { cluster: "outbound|80||x" } }],
  };
  return JSON.stringify({
    configs: [
      { version_info: "1", route_config: { name: "http.8081", virtual_hosts: [other, { domains, routes }] } },
    ],
  });
}

describe("the routes of a host in a proxy", () => {
  test("are those of the last route, with its weights", () => {
    const weighted_clusters = {
      clusters: [
        { name: `outbound|80||${BASIC}`, weight: 995 },
        { name: `outbound|80||${ADVANCED}`, weight: 5 },
      ],
    };
    const shares = catchAllShares(readRoutes(dump({ weighted_clusters })), HOST);
    expect(shares).toEqual([
      [
        { host: BASIC, subset: undefined, authority: undefined, percent: 99.5 },
        { host: ADVANCED, subset: undefined, authority: undefined, percent: 0.5 },
      ],
    ]);
    const written = [
      { weight: 995, destination: { host: "credit-check-basic" } },
      { weight: 0, destination: { host: "credit-check-v3" } },
      { weight: 5, destination: { host: ADVANCED } },
    ];
    expect(sharesOf(written, "kyc")).toEqual(shares[0] ?? []);
  });

  test("distinguish the subsets of a host", () => {
    const weighted_clusters = {
      clusters: [
        { name: `outbound|80|v1|${HOST}`, weight: 90 },
        { name: `outbound|80|v2|${HOST}`, weight: 10 },
      ],
    };
    const [shares] = catchAllShares(readRoutes(dump({ weighted_clusters })), HOST);
    const written = (first: string, second: string) => [
      { weight: 90, destination: { host: HOST, subset: first } },
      { weight: 10, destination: { host: HOST, subset: second } },
    ];
    expect(shares).toEqual(sharesOf(written("v1", "v2"), "kyc"));
    expect(shares).not.toEqual(sharesOf(written("v2", "v1"), "kyc"));
  });

  test("lead to one host if there is one cluster, which may be another host's", () => {
    const route = {
      cluster: `outbound|80||${GATEWAY}`,
      host_rewrite_literal: "basic-credit-check.kyc.svc.cluster.local",
    };
    const lone = {
      weight: 7,
      destination: { host: GATEWAY },
      headers: { request: { set: { Host: "basic-credit-check.kyc.svc.cluster.local" } } },
    };
    expect(catchAllShares(readRoutes(dump(route)), HOST)).toEqual([sharesOf([lone], "kyc")]);
  });

  test("are empty if the host is unknown, or the answer is invalid", () => {
    expect(catchAllShares(readRoutes(dump({ cluster: "a" }, ["elsewhere"])), HOST)).toEqual([]);
    expect(catchAllShares(readRoutes("<html>"), HOST)).toEqual([]);
    expect(catchAllShares(readRoutes("{}"), HOST)).toEqual([]);
  });
});
