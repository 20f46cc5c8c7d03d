import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parse } from "yaml";
import { SAMPLE } from "../../../test/sample.ts";
import { FakeKubelet } from "../../cluster/kube/testing/fake-kubelet.ts";
import { UserError } from "../../cluster/user-error.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { VIRTUAL_SERVICE } from "./live-virtual-service.ts";
import { FakeSplit, NAMESPACE, SERVICE, SPLIT } from "../testing/fake-split.ts";
import { istioInForce } from "../istio/in-force.ts";
import { knativeInForce } from "../knative/in-force.ts";

/** Envoy's administration in a pod, with routes that can be changed. */
class Gateway implements Disposable {
  routes = "{}";
  /** Envoy's report of its last changes; the routes themselves if it does not support a mask. */
  changes: string | undefined;
  asked = 0;
  /** How often the routes themselves were read. */
  read = 0;
  readonly #server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      if (request.url.endsWith("/ready")) return new Response("LIVE\n");
      this.asked++;
      const isMasked = request.url.endsWith("&mask=last_updated");
      if (!isMasked) this.read++;
      return new Response(isMasked ? (this.changes ?? this.routes) : this.routes);
    },
  });

  constructor(fake: FakeSplit, kubelet: FakeKubelet, name: string) {
    fake.cluster.put({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "istio-system", labels: { istio: "ingressgateway" } },
      status: { phase: "Running" },
    });
    kubelet.pods.set(name, this.#server.port ?? 0);
  }

  /** Waits for at least one more request. */
  async untilAsked(): Promise<void> {
    const before = this.asked;
    while (this.asked === before) await Bun.sleep(2);
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}

/** net-istio's VirtualService for a split of the credit check. */
function ingress(basic: number, advanced: number, digest: string): KubeObject {
  const authority = { prefix: "credit-check.kyc" };
  const to = (name: string, weight: number) => ({
    destination: { host: `credit-check-${name}.kyc.svc.cluster.local` },
    weight,
  });
  const route = [to("basic", basic), to("advanced", advanced)].filter(({ weight }) => weight > 0);
  return {
    ...VIRTUAL_SERVICE,
    metadata: {
      name: "credit-check-ingress",
      namespace: NAMESPACE,
      labels: { "networking.internal.knative.dev/ingress": "credit-check" },
    },
    spec: {
      http: [
        {
          match: [
            {
              authority: { prefix: "basic-credit-check.kyc" },
              headers: { "K-Network-Hash": { exact: "override" } },
            },
          ],
          headers: { request: { set: { "K-Network-Hash": digest } } },
          route: [to("basic", 100)],
        },
        {
          match: [{ authority, headers: { "K-Network-Hash": { exact: "override" } } }],
          headers: { request: { set: { "K-Network-Hash": digest } } },
          route,
        },
        { match: [{ authority }], route },
      ],
    },
  };
}

function observed(fake: FakeSplit, generation: number, status: string, message?: string): void {
  const object = fake.cluster.get(SERVICE) as KubeObject;
  const conditions = [{ type: "RoutesReady", status, ...(message === undefined ? {} : { message }) }];
  fake.cluster.put({
    ...object,
    status: { ...(object.status as object), observedGeneration: generation, conditions },
  });
}

const never = new AbortController().signal;
const options = (kubelet: FakeKubelet) => ({
  kube: kubelet.kube,
  namespace: NAMESPACE,
  service: "credit-check",
  signal: never,
});

describe("a split by Knative is in force", () => {
  test("when Knative is ready, and every gateway has the hash of its routes", async () => {
    const fake = new FakeSplit();
    using kubelet = new FakeKubelet(fake.cluster);
    using one = new Gateway(fake, kubelet, "gateway-1");
    using two = new Gateway(fake, kubelet, "gateway-2");
    fake.cluster.put(ingress(90, 10, "old"));
    one.routes = two.routes = '{"value":"old"}';
    observed(fake, 0, "True");
    let isOver = false;
    const waiting = knativeInForce(options(kubelet)).then((done) => {
      isOver = true;
      return done;
    });
    await Bun.sleep(60);
    // The gateways are read only after the routes of this split are written.
    expect([one.asked, two.asked]).toEqual([0, 0]);
    fake.cluster.put(ingress(50, 50, "new"));
    await one.untilAsked();
    one.routes = '{"value":"new"}';
    await two.untilAsked();
    expect(isOver).toBe(false);
    two.routes = '{"value":"new"}';
    await Bun.sleep(60);
    expect(isOver).toBe(false);
    observed(fake, 1, "True");
    expect((await waiting).ms).toBeGreaterThan(100);
  });

  test("never when Knative reports an error", async () => {
    const fake = new FakeSplit();
    using kubelet = new FakeKubelet(fake.cluster);
    fake.cluster.put(ingress(90, 10, "old"));
    observed(fake, 1, "False", 'Revision "credit-check-v9" referenced in traffic not found.');
    expect(knativeInForce(options(kubelet))).rejects.toThrow(/credit-check-v9/);
  });

  test("only by Knative's status if the ingress is not Istio, and until the signal", async () => {
    const fake = new FakeSplit();
    using kubelet = new FakeKubelet(fake.cluster);
    observed(fake, 1, "True");
    expect((await knativeInForce(options(kubelet))).ms).toBeGreaterThanOrEqual(0);
    observed(fake, 0, "True");
    const signal = AbortSignal.timeout(80);
    expect(knativeInForce({ ...options(kubelet), signal })).rejects.toThrow();
  });
});

describe("a split by Istio is in force", () => {
  const routes = (basic: number, advanced: number): string => {
    const cluster = (name: string, weight: number) => ({
      name: `outbound|80||credit-check-${name}.kyc.svc.cluster.local`,
      weight,
    });
    const route = {
      weighted_clusters: { clusters: [cluster("basic", basic), cluster("advanced", advanced)] },
    };
    const virtual_hosts = [
      { domains: ["kyc-credit-check.kyc.svc.cluster.local"], routes: [{ match: { prefix: "/" }, route }] },
    ];
    return JSON.stringify({ configs: [{ route_config: { virtual_hosts } }] });
  };

  test("when every gateway has its weights", async () => {
    const text = await Bun.file(join(SAMPLE, "istio/split/by-istio/virtual-service.yaml")).text();
    const fake = new FakeSplit((parse(text) as { spec: object }).spec);
    using kubelet = new FakeKubelet(fake.cluster);
    using gateway = new Gateway(fake, kubelet, "gateway-1");
    gateway.routes = routes(90, 10);
    const waiting = istioInForce(options(kubelet));
    await gateway.untilAsked();
    await gateway.untilAsked();
    gateway.routes = routes(50, 50);
    await waiting;
    expect(fake.cluster.get(SPLIT)).toBeDefined();
  });

  test("by reading the routes only after a change", async () => {
    const text = await Bun.file(join(SAMPLE, "istio/split/by-istio/virtual-service.yaml")).text();
    const fake = new FakeSplit((parse(text) as { spec: object }).spec);
    using kubelet = new FakeKubelet(fake.cluster);
    using gateway = new Gateway(fake, kubelet, "gateway-1");
    [gateway.routes, gateway.changes] = [routes(90, 10), "1"];
    const waiting = istioInForce(options(kubelet));
    while (gateway.asked < 12) await gateway.untilAsked();
    // A machine that is busy reads them again after a second.
    expect(gateway.read).toBeLessThan(4);
    [gateway.routes, gateway.changes] = [routes(50, 50), "2"];
    await waiting;
  });

  test("when every gateway has the ranges of its buckets", async () => {
    const host = (name: string): string => `credit-check-${name}.kyc.svc.cluster.local`;
    const rule = (name: string, regex?: string): object => ({
      ...(regex === undefined ? {} : { match: [{ headers: { "x-kyc-bucket": { regex } } }] }),
      route: [{ destination: { host: host(name) } }],
    });
    const http = [rule("basic", "[5-9][0-9]{3}"), rule("advanced", "[0-4][0-9]{3}"), rule("basic")];
    const hosts = ["kyc-credit-check.kyc.svc.cluster.local"];
    const fake = new FakeSplit({ hosts, gateways: ["knative-serving/knative-local-gateway"], http });
    using kubelet = new FakeKubelet(fake.cluster);
    using gateway = new Gateway(fake, kubelet, "gateway-1");
    const dump = (basic: string, advanced: string): string => {
      const route = (name: string, regex?: string): object => {
        const string_match = { safe_regex: { regex } };
        const headers = regex === undefined ? [] : [{ name: "x-kyc-bucket", string_match }];
        return { match: { prefix: "/", headers }, route: { cluster: `outbound|80||${host(name)}` } };
      };
      const routes = [route("basic", basic), route("advanced", advanced), route("basic")];
      return JSON.stringify({ configs: [{ route_config: { virtual_hosts: [{ domains: hosts, routes }] } }] });
    };
    gateway.routes = dump("[1-9][0-9]{3}", "0[0-9]{3}");
    let isOver = false;
    const waiting = istioInForce(options(kubelet)).then(() => {
      isOver = true;
    });
    await gateway.untilAsked();
    await gateway.untilAsked();
    expect(isOver).toBe(false);
    gateway.routes = dump("[5-9][0-9]{3}", "[0-4][0-9]{3}");
    await waiting;
  });

  test("when every gateway routes the header of a preview, or no longer does without a preview", async () => {
    const host = (name: string): string => `credit-check-${name}.kyc.svc.cluster.local`;
    const rule = (name: string): object => ({ route: [{ destination: { host: host(name) } }] });
    const hosts = ["kyc-credit-check.kyc.svc.cluster.local"];
    const gateways = ["knative-serving/knative-local-gateway"];
    const match = [{ headers: { "x-preview": { exact: "new" } } }];
    const led = { name: "kyc-preview", match, ...rule("advanced") };
    const fake = new FakeSplit({ hosts, gateways, http: [led, rule("basic")] });
    using kubelet = new FakeKubelet(fake.cluster);
    using gateway = new Gateway(fake, kubelet, "gateway-1");
    const dump = (value?: string): string => {
      const to = (name: string) => ({ route: { cluster: `outbound|80||${host(name)}` } });
      const headers = [{ name: "x-preview", string_match: { exact: value } }];
      const named = { name: "kyc-preview", match: { prefix: "/", headers }, ...to("advanced") };
      const all = [...(value === undefined ? [] : [named]), { match: { prefix: "/" }, ...to("basic") }];
      return JSON.stringify({
        configs: [{ route_config: { virtual_hosts: [{ domains: hosts, routes: all }] } }],
      });
    };
    for (const [before, after] of [
      [dump(), dump("new")],
      [dump("old"), dump("new")],
      [dump("new"), dump()],
    ] as const) {
      const isGone = after === dump();
      if (isGone) fake.change(SPLIT, { http: [rule("basic")] });
      gateway.routes = before;
      let isOver = false;
      const waiting = istioInForce(options(kubelet)).then(() => (isOver = true));
      await gateway.untilAsked();
      await gateway.untilAsked();
      expect(isOver).toBe(false);
      gateway.routes = after;
      await waiting;
    }
  });

  test("without a gateway that ends meanwhile, but not if one cannot be reached", async () => {
    const text = await Bun.file(join(SAMPLE, "istio/split/by-istio/virtual-service.yaml")).text();
    const fake = new FakeSplit((parse(text) as { spec: object }).spec);
    using kubelet = new FakeKubelet(fake.cluster);
    using gateway = new Gateway(fake, kubelet, "gateway-1");
    gateway.routes = routes(90, 10);
    const waiting = istioInForce(options(kubelet));
    await gateway.untilAsked();
    kubelet.pods.clear();
    gateway[Symbol.dispose]();
    fake.cluster.remove({ apiVersion: "v1", kind: "Pod", namespace: "istio-system", name: "gateway-1" });
    await waiting;
    using other = new Gateway(fake, kubelet, "gateway-2");
    kubelet.pods.clear();
    const refused = await istioInForce(options(kubelet)).catch((error: unknown) => error);
    expect(other.asked).toBe(0);
    expect(refused).toBeInstanceOf(UserError);
    expect(String(refused)).toContain("pods/portforward");
  });
});
