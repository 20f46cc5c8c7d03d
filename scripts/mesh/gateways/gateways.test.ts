import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { connect } from "node:tls";
import { TestSystem, until } from "../testing/test-system.ts";
import { stateOfMesh } from "../testing/live-state.ts";
import { LocalAuthority } from "./local-authority.ts";
import { certificatePem } from "./x509.ts";

const own = selfSigned("own.example");

const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: test}
spec:
  selector: {istio: ingressgateway}
  servers:
    - port: {number: 80, name: http, protocol: HTTP}
      hosts: [shop.example]
      tls: {httpsRedirect: true}
    - port: {number: 443, name: https, protocol: HTTPS}
      hosts: [shop.example]
      tls: {mode: SIMPLE, credentialName: not-in-the-folder}
    - port: {number: 443, name: https-own, protocol: HTTPS}
      hosts: [own.example]
      tls: {mode: SIMPLE, credentialName: own}
    - port: {number: 9090, name: http-other, protocol: HTTP}
      hosts: ["*"]
`;

const ROUTES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: test}
spec:
  hosts: [shop.example, own.example]
  gateways: [web]
  http:
    - match: [{uri: {exact: /old}}]
      redirect: {uri: /new}
    - retries: {attempts: 0}
      rewrite: {authority: echo.test.svc.cluster.local}
      route:
        - destination: {host: knative-local-gateway.istio-system.svc.cluster.local, port: {number: 80}}
`;

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.create();
  await system.write("istio/web.yaml", GATEWAY);
  await system.write("istio/web-routes.yaml", ROUTES);
  await system.write("istio/secret.yaml", secret(own));
  const mesh = await system.start();
  await until("echo answers", async () => (await system.fetch("/readyz")).ok);
  expect(mesh.loaded.warnings).toEqual([]);
});
afterAll(() => system[Symbol.asyncDispose]());

const ask = (url: string, init: BunFetchRequestInit = {}): Promise<Response> =>
  fetch(url, { redirect: "manual", ...init });

/** Returns the local port of a Gateway's port, with a server for a host. */
function portOf(number: number, host?: string): number | undefined {
  const found = system.mesh?.gateways.find(
    (port) => port.number === number && (host === undefined || port.hosts().includes(host)),
  );
  return found?.port;
}

describe("a server for HTTPS", () => {
  test("uses a certificate that the authority of this machine has signed", async () => {
    const ca = await readFile(LocalAuthority.path(system.root), "utf8");
    const response = await ask(`https://shop.example.localhost:${portOf(443, "shop.example")}/a?b=1`, {
      tls: { ca },
    });
    expect(response.status).toBe(200);
    const { headers, path } = (await response.json()) as { headers: Record<string, string>; path: string };
    expect([path, headers["x-forwarded-proto"]]).toEqual(["/a", "https"]);
    expect(system.events.served.at(-1)).toMatchObject({ listener: "ingress", status: 200 });
  });

  test("uses the certificate of the Secret that it names", async () => {
    expect(await certificateAt(portOf(443, "own.example"))).toBe(
      new X509Certificate(own.cert).fingerprint256,
    );
  });

  test("continues after callers that do not trust it, and callers without TLS", async () => {
    const port = portOf(443, "shop.example");
    expect(ask(`https://shop.example.localhost:${port}/`)).rejects.toThrow();
    await ask(`http://shop.example.localhost:${port}/`).catch(() => undefined);
    const ca = await readFile(LocalAuthority.path(system.root), "utf8");
    expect((await ask(`https://shop.example.localhost:${port}/`, { tls: { ca } })).status).toBe(200);
  });

  test("keeps a redirect in HTTPS and on its port", async () => {
    const port = portOf(443, "shop.example");
    const ca = await readFile(LocalAuthority.path(system.root), "utf8");
    const response = await ask(`https://shop.example.localhost:${port}/old`, { tls: { ca } });
    expect(response.headers.get("location")).toBe(`https://shop.example.localhost:${port}/new`);
  });
});

test("the state of the mesh names the ports", async () => {
  const { gateways } = await stateOfMesh(system);
  expect(gateways.map(({ title, gateways }) => `${title} of ${gateways.join(", ")}`)).toEqual([
    "HTTPS, port 443 of test/web",
    "HTTPS, port 443 of test/web",
    "HTTP, port 9090 of test/web",
  ]);
  expect(gateways[0]?.url).toBe(`https://shop.example.localhost:${portOf(443, "shop.example")}`);
});

test("httpsRedirect leads to the port for HTTPS", async () => {
  const response = await ask(`http://shop.example.localhost:${system.mesh?.port}/a?b=1`);
  expect(response.status).toBe(301);
  expect(response.headers.get("location")).toBe(
    `https://shop.example.localhost:${portOf(443, "shop.example")}/a?b=1`,
  );
});

test("a caller that names the cluster's host gets the location as on a cluster", async () => {
  const response = await system.fetch("/a", { headers: { host: "shop.example" }, redirect: "manual" });
  expect(response.headers.get("location")).toBe("https://shop.example/a");
});

test("another port has the rules of its Gateway", async () => {
  const port = portOf(9090);
  expect((await ask(`http://own.example.localhost:${port}/old`)).headers.get("location")).toBe(
    `http://own.example.localhost:${port}/new`,
  );
  expect((await ask(`http://unknown.localhost:${port}/`)).status).toBe(404);
});

test("ports and certificates follow the files", async () => {
  const before = portOf(443, "shop.example");
  await system.write("istio/secret.yaml", secret(selfSigned("own.example")));
  await system.write("istio/web.yaml", GATEWAY.replace("number: 9090", "number: 9191"));
  await until("the new port is open", () => portOf(9191) !== undefined);
  const fingerprint = await certificateAt(portOf(443, "own.example"));
  expect(fingerprint).not.toBe(new X509Certificate(own.cert).fingerprint256);
  expect(portOf(443, "shop.example")).toBe(before);
  expect(portOf(9090)).toBeUndefined();
});

test("an unusable certificate is an error of the edit", async () => {
  await system.write("istio/secret.yaml", secret({ cert: own.cert, key: selfSigned("a").key }));
  await until("the edit is rejected", () => system.events.rejected.length > 0);
  const [problem] = system.events.rejected.at(-1) ?? [];
  expect(problem?.message).toBe("the Secret own has a certificate and a key that do not go together for own");
});

function selfSigned(name: string): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const [from, until] = [new Date(Date.now() - 1000), new Date(Date.now() + 3_600_000)];
  const cert = certificatePem({
    subject: name,
    issuer: name,
    publicKey,
    signingKey: privateKey,
    from,
    until,
    names: [name],
  });
  return { cert, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

function secret({ cert, key }: { cert: string; key: string }): string {
  const [crt, encoded] = [cert, key].map((text) => Buffer.from(text).toString("base64"));
  return `apiVersion: v1\nkind: Secret\nmetadata: {name: own, namespace: istio-system}\ntype: kubernetes.io/tls\ndata: {tls.crt: ${crt}, tls.key: ${encoded}}\n`;
}

/** Returns the fingerprint of a port's certificate. */
function certificateAt(port = 0): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
    resolve(socket.getPeerCertificate().fingerprint256);
    socket.destroy();
  });
  socket.on("error", reject);
  return promise;
}
