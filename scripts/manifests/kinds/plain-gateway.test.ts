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
const OURS = "istio: ingressgateway";
const PLAIN = { port: { number: 80, protocol: "HTTP" }, hosts: ["a.example"] };

describe("a Gateway read leniently", () => {
  test("is served in plain HTTP by the one gateway, with a line for each difference", () => {
    const { gateway, problems } = read(true, "app: own", TCP, HTTPS, PASSED, HTTP);
    expect(gateway).toMatchObject({ selector: { istio: "ingressgateway" }, servers: [PLAIN, PLAIN] });
    expect(gateway?.servers).toHaveLength(2);
    expect(problems).toEqual([
      "warning 5 the local mesh has one gateway, which serves this Gateway too",
      "warning 7 the local mesh does not serve TCP, and leaves this server out",
      "warning 8 the local mesh serves this server in plain HTTP on its own port, not HTTPS on 443",
      "warning 9 the local mesh does not serve HTTPS, and leaves this server out",
    ]);
  });

  test("stays as it is where nothing differs", () => {
    expect(read(true, OURS, HTTP)).toMatchObject({ gateway: { servers: [PLAIN] }, problems: [] });
  });

  test("names lines of the file behind a server that is left out", () => {
    const { problems } = read(true, OURS, TCP, HTTP.replace("a.example", "A:80"));
    expect(problems.map((problem) => problem.split(" ").slice(0, 2).join(" "))).toEqual([
      "warning 7",
      "error 8",
    ]);
  });

  test("is refused where no server is for HTTP, and wherever it is not read leniently", () => {
    expect(read(true, OURS, TCP).problems[0]).toMatch(/^error 7 TCP is not supported/);
    expect(read(false, OURS, HTTPS).problems[0]).toMatch(/^error 7 /);
  });
});
