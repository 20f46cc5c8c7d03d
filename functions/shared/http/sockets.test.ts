import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { startService, type ServiceProcess } from "../testing/service-process.ts";
import { exchangeBytes } from "../testing/sockets.ts";

// Tests with raw bytes on a connection: limits, and requests that `fetch` cannot send.

let service: ServiceProcess;
beforeAll(async () => {
  service = await startService("credit-check", {
    CREDIT_CHECK_VARIANT: "basic",
    K_REVISION: "credit-check-basic",
  });
});
afterAll(() => service.kill("SIGKILL"));

const REPORT = "/credit-check/report";

/** Sends a request and returns status line, headers in lower case, and body. */
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

test("a body of undeclared length is refused if it is over the limit", async () => {
  const request = `POST ${REPORT} HTTP/1.1\r\ntransfer-encoding: chunked`;
  expect((await send(request, chunked(70_000))).line).toStartWith("HTTP/1.1 413 ");
  expect((await send(request, chunked(10))).line).toStartWith("HTTP/1.1 415 ");
});

test("the body of a GET is ignored", async () => {
  const { line } = await send(`GET ${REPORT} HTTP/1.1\r\ntransfer-encoding: chunked`, chunked(70_000));
  expect(line).toBe("HTTP/1.1 200 OK");
});

describe("an incomplete request", () => {
  test.each([
    ["in a chunk", "transfer-encoding: chunked", "5\r\nab"],
    ["before its last chunk", "transfer-encoding: chunked", "2\r\nab\r\n"],
    ["in a malformed chunk", "transfer-encoding: chunked", "2\r\nab\r\nzz\r\n"],
  ])("%s is the caller's doing: 499, and no error", async (_where, header, part) => {
    const own = await startService("credit-check", { CREDIT_CHECK_VARIANT: "basic" });
    const client = connect(own.port, "127.0.0.1");
    client.on("error", () => undefined);
    const sent = Promise.withResolvers<void>();
    client.write(`POST ${REPORT} HTTP/1.1\r\nhost: x\r\n${header}\r\n\r\n${part}`, () => sent.resolve());
    await sent.promise;
    await until(own.origin, /_count\{.*status="499"/, () => client.destroy());
    own.kill("SIGTERM");
    const lines = (await own.stdout()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line)).filter(({ level }) => level === "error")).toEqual([]);
    expect(lines.filter((line) => line.includes('"status":499'))).toHaveLength(1);
  });

  /** Runs an action, and waits for the expected metrics. */
  async function until(origin: string, expected: RegExp, act: () => void): Promise<void> {
    // The head must have been read before the connection is closed.
    await fetch(`${origin}/healthz`);
    act();
    while (!expected.test(await (await fetch(`${origin}/metrics`)).text())) await Bun.sleep(5);
  }
});

describe("a request that violates HTTP", () => {
  test.each([
    ["a fragment in its target", `GET ${REPORT}#x HTTP/1.1`, "The request's target has a fragment."],
    ["a fragment in its query", `GET ${REPORT}?a=b#x HTTP/1.1`, "The request's target has a fragment."],
    ["two hosts", `GET ${REPORT} HTTP/1.1\r\nhost: y`, "The request has more than one Host header."],
    [
      "two hosts and no path",
      "GET /nothing HTTP/1.1\r\nhost: y",
      "The request has more than one Host header.",
    ],
  ])("because of %s is a 400 with a problem document", async (_what, request, detail) => {
    const { line, headers, body } = await send(request);
    expect(line).toStartWith("HTTP/1.1 400 ");
    expect(headers).toContain("content-type: application/problem+json");
    expect(JSON.parse(body)).toMatchObject({ status: 400, detail });
  });

  test.each([
    ["no host", `GET ${REPORT} HTTP/1.1\r\n\r\n`],
    [
      "two framings",
      `POST ${REPORT} HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["a malformed chunk", `POST ${REPORT} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`],
  ])("because of %s is a 400 of Bun's own", async (_what, bytes) => {
    expect(await exchangeBytes(service.port, bytes)).toBe(
      "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
    );
  });
});

// See docs/decisions/http-of-the-services.md, and review it if a release of Bun changes one of these.
describe("behaviour of Bun 1.4.5 that this project cannot change: it", () => {
  const HEAD = "HTTP/1.1\r\nhost: x\r\n";

  test.each(["FOO", "get", "VERSION-CONTROL"])(
    "closes without an answer at the method %s",
    async (method) => {
      expect(await exchangeBytes(service.port, `${method} ${REPORT} ${HEAD}\r\n`)).toBe("");
    },
  );

  test("answers pipelined requests if the first is answered synchronously", async () => {
    const answers = await exchangeBytes(
      service.port,
      `GET ${REPORT} ${HEAD}\r\nGET ${REPORT} ${HEAD}connection: close\r\n\r\n`,
    );
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });

  test("closes the connection if a request arrives before the previous one is answered", async () => {
    const late = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => Bun.sleep(20).then(() => new Response("ours")),
    });
    expect(await exchangeBytes(late.port ?? 0, `GET / ${HEAD}\r\nGET / ${HEAD}\r\n`)).toBe("");
    await late.stop(true);
  });

  test("reads trailers as a malformed next request", async () => {
    const trailers = "1\r\na\r\n0\r\nx-trailer: 1\r\n\r\n";
    const answers = await exchangeBytes(
      service.port,
      `POST ${REPORT} ${HEAD}transfer-encoding: chunked\r\n\r\n${trailers}`,
    );
    expect(answers.match(/^HTTP\/1\.1 [0-9]+/gm)).toEqual(["HTTP/1.1 415"]);
    expect(answers).toEndWith("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  });

  test("answers 431 itself if the headers exceed 16 KB", async () => {
    const answer = await exchangeBytes(service.port, `GET ${REPORT} ${HEAD}x: ${"x".repeat(17_000)}\r\n\r\n`);
    expect(answer).toStartWith("HTTP/1.1 431 ");
  });
});

test("a proxy may send an absolute target", async () => {
  expect((await send(`GET http://kyc${REPORT}?x HTTP/1.1`)).line).toBe("HTTP/1.1 200 OK");
});

test("an unsupported method is a 405, even an unusual one", async () => {
  for (const method of ["TRACE", "PROPFIND", "DELETE"]) {
    expect((await send(`${method} ${REPORT} HTTP/1.1`)).line).toStartWith("HTTP/1.1 405 ");
  }
});

test("a path is not decoded, normalised or case-folded before it is looked up", async () => {
  for (const path of ["/credit-check//report", "/credit-check/report%20", "/CREDIT-CHECK/report"]) {
    expect([path, (await send(`GET ${path} HTTP/1.1`)).line]).toEqual([path, "HTTP/1.1 404 Not Found"]);
  }
});
