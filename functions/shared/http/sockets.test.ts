import { afterAll, beforeAll, expect, test } from "bun:test";
import { startService, type ServiceProcess } from "../testing/service-process.ts";
import { exchangeBytes } from "../testing/sockets.ts";

// What only bytes on a real connection show: limits, and requests that `fetch` would never send.

let service: ServiceProcess;
beforeAll(async () => {
  service = await startService("credit-check", {
    CREDIT_CHECK_VARIANT: "basic",
    K_REVISION: "credit-check-basic",
  });
});
afterAll(() => service.kill("SIGKILL"));

const REPORT = "/credit-check/report";

/** Sends a request and gives back status line, headers in lower case, and body. */
async function send(head: string, body = "") {
  const answer = await exchangeBytes(service.port, `${head}\r\nhost: x\r\nconnection: close\r\n\r\n${body}`);
  const [top = "", ...rest] = answer.split("\r\n\r\n");
  const [line, ...headers] = top.split("\r\n");
  return { line, headers: headers.map((header) => header.toLowerCase()), body: rest.join("\r\n\r\n") };
}

const chunked = (length: number) => `${length.toString(16)}\r\n${"x".repeat(length)}\r\n0\r\n\r\n`;

test.each([
  [`POST ${REPORT}`, 65_537],
  [`GET ${REPORT}`, 100_000_000_000],
  ["PUT /nothing", 70_000],
])(
  "%s with a declared body of %i bytes is a 413 with a problem document, and the end",
  async (request, length) => {
    const { line, headers, body } = await send(`${request} HTTP/1.1\r\ncontent-length: ${length}`);
    expect(line).toStartWith("HTTP/1.1 413 ");
    expect(headers).toContain("content-type: application/problem+json");
    expect(headers).toContain("x-kyc-revision: credit-check-basic");
    expect(JSON.parse(body)).toMatchObject({ title: "Content Too Large", status: 413 });
  },
);

test("a body of undeclared length is refused where it is over the limit", async () => {
  const request = `POST ${REPORT} HTTP/1.1\r\ntransfer-encoding: chunked`;
  expect((await send(request, chunked(70_000))).line).toStartWith("HTTP/1.1 413 ");
  expect((await send(request, chunked(10))).line).toStartWith("HTTP/1.1 405 ");
});

test("a body that nobody asked for is not looked at", async () => {
  const { line } = await send(`GET ${REPORT} HTTP/1.1\r\ntransfer-encoding: chunked`, chunked(70_000));
  expect(line).toBe("HTTP/1.1 200 OK");
});

test("a proxy may name the whole address", async () => {
  expect((await send(`GET http://kyc${REPORT}?x HTTP/1.1`)).line).toBe("HTTP/1.1 200 OK");
});

test("a method of no route is a 405, also one of HTTP's stranger ones", async () => {
  for (const method of ["TRACE", "PROPFIND", "DELETE"]) {
    expect((await send(`${method} ${REPORT} HTTP/1.1`)).line).toStartWith("HTTP/1.1 405 ");
  }
});

test("a path is not decoded, joined or folded before it is looked up", async () => {
  for (const path of ["/credit-check//report", "/credit-check/report%20", "/CREDIT-CHECK/report"]) {
    expect([path, (await send(`GET ${path} HTTP/1.1`)).line]).toEqual([path, "HTTP/1.1 404 Not Found"]);
  }
});
