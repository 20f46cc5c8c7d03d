import { describe, expect, test } from "bun:test";
import { findIngress, ingressCandidates, NoIngress } from "./ingress.ts";
import type { KubeObject } from "./kube/kube-object.ts";
import { FakeCluster } from "./testing/fake-cluster.ts";

const HTTP = { name: "http2", port: 80, nodePort: 31_380 };

function gateway(
  status: object = {},
  ports: object[] = [{ port: 15_021, nodePort: 30_021 }, HTTP],
): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: "istio-ingressgateway",
      namespace: "istio-system",
      labels: { istio: "ingressgateway" },
    },
    spec: { type: "LoadBalancer", ports },
    status,
  };
}

function node(...addresses: [type: string, address: string][]): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: `node-${addresses[0]?.[1]}` },
    status: { addresses: addresses.map(([type, address]) => ({ type, address })) },
  };
}

const balanced = (...ingress: object[]): KubeObject => gateway({ loadBalancer: { ingress } });

/** Answers only at these addresses, and records all requests. */
function answeringAt(...urls: string[]): {
  asked: string[];
  fetch(url: string, init: RequestInit): Promise<Response>;
} {
  const asked: string[] = [];
  return {
    asked,
    async fetch(url, { signal }) {
      asked.push(url);
      signal?.throwIfAborted();
      if (urls.some((each) => url.startsWith(`${each}/`))) return new Response("", { status: 404 });
      throw new Error("refused");
    },
  };
}

describe("the addresses at which the ingress gateway might answer", () => {
  test.each<[string, KubeObject[], string[]]>([
    [
      "a load balancer's",
      [balanced({ ip: "203.0.113.7" }, { hostname: "lb.example" })],
      ["load balancer http://203.0.113.7", "load balancer http://lb.example"],
    ],
    ["one of IPv6, in brackets", [balanced({ ip: "2001:db8::1" })], ["load balancer http://[2001:db8::1]"]],
    ["none of a load balancer without an address yet", [gateway({ loadBalancer: {} })], []],
  ])("are %s", async (_, objects, expected) => {
    const found = await ingressCandidates(new FakeCluster("c", objects).kube);
    expect(found.filter(({ by }) => by === "load balancer").map(({ by, url }) => `${by} ${url}`)).toEqual(
      expected,
    );
  });

  test("are the node port of HTTP at this machine and at each node, such as minikube's", async () => {
    const nodes = [
      node(["InternalIP", "192.168.49.2"], ["Hostname", "minikube"]),
      node(["ExternalIP", "198.51.100.4"], ["InternalIP", "192.168.49.2"]),
    ];
    const found = await ingressCandidates(new FakeCluster("c", [gateway(), ...nodes]).kube);
    expect(found).toEqual(
      ["127.0.0.1", "192.168.49.2", "198.51.100.4"].map((host) => ({
        url: `http://${host}:31380`,
        by: "node port" as const,
      })),
    );
  });

  test("are none without a gateway, and none for a gateway without HTTP", async () => {
    expect(await ingressCandidates(new FakeCluster("c", [node(["InternalIP", "10.0.0.1"])]).kube)).toEqual(
      [],
    );
    const https = gateway({}, [{ port: 443, nodePort: 31_390 }]);
    expect(await ingressCandidates(new FakeCluster("c", [https]).kube)).toEqual([]);
  });
});

describe("the ingress gateway", () => {
  const cluster = new FakeCluster("c", [
    balanced({ ip: "203.0.113.7" }),
    node(["InternalIP", "192.168.49.2"]),
  ]);

  test("is the first that gives any answer, at a path that wakes no service", async () => {
    const { asked, fetch } = answeringAt("http://192.168.49.2:31380");
    expect(await findIngress({ kube: cluster.kube, fetch })).toEqual({
      url: "http://192.168.49.2:31380",
      by: "node port",
    });
    expect(new Set(asked.map((url) => new URL(url).pathname))).toEqual(
      new Set(["/-/kyc-looks-for-the-ingress"]),
    );
  });

  test("is the user's, and nothing else is tried", async () => {
    const { asked, fetch } = answeringAt("http://127.0.0.1:8080");
    const given = "http://127.0.0.1:8080/";
    expect(await findIngress({ kube: cluster.kube, given, fetch })).toEqual({
      url: "http://127.0.0.1:8080",
      by: "given",
    });
    expect(asked).toHaveLength(1);
  });

  test.each<[string, FakeCluster, string | undefined, RegExp[]]>([
    [
      "the tried addresses, and how to make one available",
      cluster,
      undefined,
      [
        /is not reachable from here; tried http:\/\/203\.0\.113\.7, http:\/\/127\.0\.0\.1:31380, http:\/\/192\.168\.49\.2:31380\./,
        /`minikube tunnel`/,
        /`kubectl port-forward -n istio-system svc\/istio-ingressgateway 8080:80`, and add --ingress http:\/\/127\.0\.0\.1:8080/,
      ],
    ],
    [
      "that there is no gateway, and how to install one",
      new FakeCluster(),
      undefined,
      [/label istio=ingressgateway\). Run \.\/kyc up/],
    ],
    [
      "that the user's address does not answer",
      cluster,
      "http://x:1",
      [/^No server answers at http:\/\/x:1\. Omit --ingress/],
    ],
  ])("that is not found is reported with %s", async (_, where, given, words) => {
    const error: unknown = await findIngress({ kube: where.kube, given, fetch: answeringAt().fetch }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(NoIngress);
    for (const each of words) expect(String(error).replace(/^Error: /, "")).toMatch(each);
  });

  test("is looked for no longer when the user calls it off", async () => {
    const signal = AbortSignal.abort();
    const looking = findIngress({
      kube: cluster.kube,
      given: "http://x:1",
      signal,
      fetch: answeringAt().fetch,
    });
    await expect(looking).rejects.toThrow("abort");
  });
});
