import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfiguration } from "./configuration.ts";
import { overview } from "./overview.ts";

const SERVICE = `apiVersion: serving.knative.dev/v1
kind: Service
metadata: { name: rates, namespace: fx }
spec:
  template:
    metadata: { name: rates-old }
    spec:
      containers: [{ image: acme.test/rates:1 }]
`;
const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: fx, namespace: fx }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: fx, namespace: fx }
spec:
  hosts: ["*"]
  gateways: [fx]
  http: [{ route: [{ destination: { host: rates.fx.svc.cluster.local } }] }]
`;

test("a request to try is sent to the ingress gateway, or to the only public service without a Gateway", async () => {
  const folder = await mkdtemp(join(tmpdir(), "overview-"));
  const tries = async () => {
    const loaded = await loadConfiguration(folder);
    return overview({ loaded, port: 8080, localPort: 8081, gateways: [] }).tries;
  };
  try {
    await Bun.write(join(folder, "knative/rates.yaml"), SERVICE);
    const dev = "images: { acme.test/rates: { command: [node, rates.mjs] } }\ntry: [{ path: /eurusd }]\n";
    await Bun.write(join(folder, "dev.yaml"), dev);
    expect(await tries()).toEqual(["curl http://rates.fx.localhost:8080/eurusd"]);
    await Bun.write(join(folder, "istio/gateway.yaml"), GATEWAY);
    expect(await tries()).toEqual(["curl http://127.0.0.1:8080/eurusd"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
