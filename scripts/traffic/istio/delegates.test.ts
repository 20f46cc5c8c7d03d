import { describe, expect, test } from "bun:test";
import { parseDocuments } from "../../manifests/document.ts";
import { collectResources } from "../../manifests/resources.ts";
import { mergeDelegates } from "./delegates.ts";

// istio 1.31, pilot/pkg/model/virtualservice_test.go

const to = (host: string) => [{ destination: { host } }];

function virtualService(name: string, spec: object, namespace = "root"): object {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace },
    spec,
  };
}

function merged(http: object[], delegateHttp: object[], delegateSpec: object = {}) {
  const objects = [
    virtualService("shop", { hosts: ["shop.example"], http }),
    virtualService("sub", { ...delegateSpec, http: delegateHttp }, "team"),
  ];
  const documents = objects.flatMap(
    (object, i) => parseDocuments(`${i}.yaml`, JSON.stringify(object)).documents,
  );
  const { virtualServices } = collectResources(documents, { forCluster: true }).resources;
  const { virtualServices: all, missing } = mergeDelegates(virtualServices);
  const [root] = all;
  if (root === undefined || all.length !== 1) throw new Error("one root is expected");
  return { http: root.value.spec.http, root, missing: missing.map(({ name }) => name) };
}

const DELEGATE = { delegate: { name: "sub", namespace: "team" } };

describe("a rule that delegates", () => {
  test("becomes the delegate's rules, with the root's condition if they have none, and full names", () => {
    const { http } = merged(
      [{ match: [{ uri: { prefix: "/a" } }], timeout: "3s", ...DELEGATE }, { route: to("rest") }],
      [
        { match: [{ uri: { exact: "/a/x" } }], route: to("x") },
        { route: to("y.example"), timeout: "1s" },
      ],
    );
    expect(http).toEqual([
      { match: [{ uri: { exact: "/a/x" } }], timeout: "3s", route: to("x.team.svc.cluster.local") },
      { match: [{ uri: { prefix: "/a" } }], timeout: "1s", route: to("y.example") },
      { route: to("rest") },
    ]);
  });

  test.each([
    [{ uri: { prefix: "/a/b" } }, { uri: { prefix: "/a" } }],
    [{ uri: { regex: "/a.*" } }, { uri: { exact: "/a" } }],
    [{ headers: { h: { exact: "1" } } }, { headers: { h: { exact: "2" } } }],
    [{ port: 80 }, { port: 81 }],
    [{ uri: { prefix: "/a" }, ignoreUriCase: true }, { uri: { prefix: "/a" } }],
    [{ sourceNamespace: "x" }, {}],
  ])("under %j drops a conflicting rule on %j", (root, delegate) => {
    expect(merged([{ match: [root], ...DELEGATE }], [{ match: [delegate], route: to("x") }]).http).toEqual(
      [],
    );
  });

  test("combines all pairs of conditions that do not conflict", () => {
    const [rule] = merged(
      [{ match: [{ headers: { a: { exact: "1" } } }, { uri: { prefix: "/p" } }], ...DELEGATE }],
      [{ match: [{ uri: { exact: "/p/q" } }], route: to("x") }],
    ).http;
    expect(rule?.match).toEqual([
      { headers: { a: { exact: "1" } }, uri: { exact: "/p/q" } },
      { uri: { exact: "/p/q" } },
    ]);
  });

  test("that responds itself inherits only what changes the response", () => {
    const root = { timeout: "1s", rewrite: { uri: "/" }, headers: { request: { remove: ["a"] } } };
    const response = { headers: { response: { set: { b: "1" } } } };
    const answer = { directResponse: { status: 405 } };
    expect(merged([{ ...root, ...DELEGATE }], [answer]).http).toEqual([answer]);
    const both = { ...root, headers: { ...root.headers, ...response.headers } };
    expect(merged([{ ...both, ...DELEGATE }], [answer]).http).toEqual([{ ...answer, ...response }]);
  });

  test("is dropped if the delegate is missing or not visible", () => {
    const other = { delegate: { name: "nowhere" } };
    expect(merged([other, { route: to("x") }], [{ route: to("y") }])).toMatchObject({
      http: [{ route: to("x") }],
      missing: ["root/nowhere"],
    });
    expect(merged([DELEGATE], [{ route: to("y") }], { exportTo: ["."] })).toMatchObject({
      http: [],
      missing: [],
    });
  });

  test("has the position of its source", () => {
    const { root } = merged([DELEGATE, { route: to("x") }], [{ route: to("y") }]);
    expect([root.document.at(["spec", "http", 0]).file, root.document.at(["spec", "http", 1]).file]).toEqual([
      "1.yaml",
      "0.yaml",
    ]);
  });
});
