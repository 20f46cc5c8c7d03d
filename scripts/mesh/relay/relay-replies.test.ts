import { describe, expect, test } from "bun:test";
import { NO_CHANGE } from "../../route-fields/headers/header-list.ts";
import { request, statuses } from "../testing/test-server.ts";
import { forward, redirect, revision, TestProxy } from "../testing/test-proxy.ts";
import { RawServer } from "../testing/raw-socket.ts";

describe("the mesh itself responds with", () => {
  const response = {
    ...NO_CHANGE,
    set: [
      ["x-rule", "yes"],
      ["content-type", "text/x"],
    ] as const,
  };

  test("404 without a route", async () => {
    using proxy = new TestProxy({});
    const text = await proxy.ask(request("GET /x", "connection: close"));
    expect(text).toStartWith("HTTP/1.1 404 Not Found\r\ncontent-type: text/plain; charset=utf-8\r\n");
    expect(text).toEndWith("the ingress gateway serves no host a.test\n");
    expect(proxy.served).toMatchObject([
      { status: 404, complete: true, revision: undefined, method: "GET", target: "/x" },
    ]);
  });

  test("a redirect without a body, with the rule's changes", async () => {
    using proxy = new TestProxy({}, { rule: redirect({ status: 307, uri: "/new", response }) });
    expect(await proxy.ask(request("GET /x?y", "connection: close"))).toBe(
      "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://a.test/new?y\r\nx-rule: yes\r\ncontent-type: text/x\r\n" +
        "content-length: 0\r\nconnection: close\r\n\r\n",
    );
    expect(proxy.served).toMatchObject([{ status: 307, complete: true }]);
  });

  test("a failure with the rules' changes", async () => {
    using server = await RawServer.listen((socket) => socket.fin());
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a"), { response }) });
    const text = await proxy.ask(request("GET /", "connection: close"));
    expect(text).toStartWith("HTTP/1.1 503 Service Unavailable\r\nx-rule: yes\r\ncontent-type: text/x\r\n");
    expect(text).toEndWith("a closed the connection before it answered\n");
  });

  test("without reading the body of an unrouted request as another request", async () => {
    using proxy = new TestProxy({});
    const text = await proxy.ask(`${request("POST /", "content-length: 50")}${request("GET /smuggled")}`);
    expect(statuses(text)).toEqual(["404"]);
    expect(text).toContain("connection: close\r\n");
    expect(proxy.served).toHaveLength(1);
  });
});
