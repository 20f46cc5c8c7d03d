import { describe, expect, test } from "bun:test";
import { parseDocuments } from "../document.ts";
import { collectResources } from "../resources.ts";

function read(lenient: boolean, selector: string, ...servers: string[]) {
  const text = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw, namespace: default}
spec:
  selector: {${selector}}
  servers:
${servers.map((server) => `    - {${server}}\n`).join("")}`;
  const { resources, problems } = collectResources(parseDocuments("gw.yaml", text).documents, { lenient });
  const [gateway] = resources.gateways.map(({ value }) => value.spec);
  return {
    gateway,
    problems: problems.map(({ severity, at, message }) => `${severity} ${at.line} ${message}`),
  };
}

const HTTP = "port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example]";
const HTTPS = "port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.example], tls: {mode: SIMPLE}";
const TCP = "port: {number: 5432, name: tcp, protocol: TCP}, hosts: ['*']";
const PASSED =
  "port: {number: 443, name: tls, protocol: HTTPS}, hosts: [b.example], tls: {mode: PASSTHROUGH}";
const GRPC = "port: {number: 9000, name: grpc, protocol: GRPC}, hosts: ['*']";
const MUTUAL = HTTPS.replace("SIMPLE", "MUTUAL");
const OURS = "istio: ingressgateway";

describe("a Gateway read leniently", () => {
  test("is served in HTTP/1.1 if it is for HTTP, with a line for each difference", () => {
    const { gateway, problems } = read(true, "app: own", TCP, MUTUAL, PASSED, GRPC, HTTP);
    expect(gateway).toMatchObject({
      selector: { app: "own" },
      servers: [
        { port: { number: 443, protocol: "HTTPS" }, tls: { mode: "SIMPLE" } },
        { port: { number: 9000, protocol: "HTTP" } },
        { port: { number: 80, protocol: "HTTP" } },
      ],
    });
    expect(problems).toEqual([
      "warning 7 the local mesh does not serve TCP, and leaves this server out",
      "warning 8 the local mesh does not request client certificates, unlike MUTUAL",
      "warning 9 the local mesh does not serve TLS in mode PASSTHROUGH, and leaves this server out",
      "warning 10 the local mesh serves this server in HTTP/1.1, not GRPC",
    ]);
  });

  test("names lines of the file behind a server that is left out", () => {
    const { problems } = read(true, OURS, TCP, HTTP.replace("a.example", "A:80"));
    expect(problems.map((problem) => problem.split(" ").slice(0, 2).join(" "))).toEqual([
      "warning 7",
      "error 8",
    ]);
  });

  test("is refused if no server is for HTTP", () => {
    expect(read(true, OURS, TCP).problems[0]).toMatch(/^error 7 TCP is not supported/);
  });
});

describe("a Gateway read strictly", () => {
  test("is served if it is for HTTP and HTTPS, on any port of any gateway", () => {
    const { gateway, problems } = read(false, "app: own", HTTPS, HTTP.replace("80", "8081"));
    expect(gateway?.servers).toHaveLength(2);
    expect(problems).toEqual([]);
  });

  test.each([PASSED, MUTUAL, GRPC, TCP])("is refused for %s", (server) => {
    expect(read(false, OURS, HTTP, server).problems[0]).toMatch(/^error 8 /);
  });
});
