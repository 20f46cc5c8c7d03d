import { afterAll, describe, expect, test } from "bun:test";
import type { ServerWebSocket } from "bun";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { Kube } from "./client.ts";
import { forwardPort } from "./port-forward.ts";

/** Plays the kubelet: answers each HTTP request on a pod's port, and refuses port 1. */
const kubelet = Bun.serve<{ port: number; heard: string }>({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request, server) {
    const url = new URL(request.url);
    if (!url.pathname.endsWith("/portforward")) return new Response("no", { status: 403 });
    const data = { port: Number(url.searchParams.get("ports")), heard: "" };
    return server.upgrade(request, { data, headers: { "sec-websocket-protocol": "v4.channel.k8s.io" } })
      ? undefined
      : new Response("no", { status: 400 });
  },
  websocket: {
    open(socket) {
      const port = Buffer.alloc(2);
      port.writeUInt16LE(socket.data.port);
      socket.sendBinary(Buffer.concat([Buffer.of(0), port]));
      socket.sendBinary(Buffer.concat([Buffer.of(1), port]));
      if (socket.data.port === 1)
        socket.sendBinary(Buffer.concat([Buffer.of(1), Buffer.from("connection refused")]));
    },
    message: answer,
  },
});
afterAll(() => kubelet.stop(true));

function answer(socket: ServerWebSocket<{ port: number; heard: string }>, message: string | Buffer): void {
  if (typeof message === "string" || message[0] !== 0) return;
  socket.data.heard += message.subarray(1).toString("latin1");
  const [head, rest] = socket.data.heard.split("\r\n\r\n", 2);
  if (rest === undefined || head === undefined) return;
  socket.data.heard = "";
  const path = head.split(" ")[1] ?? "";
  const body = path === "/large" ? "x".repeat(3_000_000) : `${path} on ${socket.data.port}`;
  const reply = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  // In pieces, as they come.
  for (let at = 0; at < reply.length; at += 50_000)
    socket.sendBinary(Buffer.concat([Buffer.of(0), reply.subarray(at, at + 50_000)]));
}

/** A cluster whose connection can open WebSockets at the kubelet above. */
function cluster(): Kube {
  const fake = new FakeCluster("fake");
  return new Kube({
    context: fake.context,
    server: fake.server,
    namespace: undefined,
    send: (path, request) => fake.send(path, request),
    open: (path, request) => fake.open(path, request),
    dial: async (path, protocol) => new WebSocket(`ws://127.0.0.1:${kubelet.port}${path}`, protocol),
  });
}

describe("a forwarded port", () => {
  test("carries requests to the pod's port, one after the other and many at once", async () => {
    using forward = await forwardPort({ kube: cluster(), namespace: "a", pod: "p", port: 8080 });
    for (const path of ["/a", "/b"])
      expect(await (await fetch(`${forward.url}${path}`)).text()).toBe(`${path} on 8080`);
    const many = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => (await fetch(`${forward.url}/${i}`)).text()),
    );
    expect(many).toEqual(Array.from({ length: 10 }, (_, i) => `/${i} on 8080`));
  });

  test("carries answers of any length", async () => {
    using forward = await forwardPort({ kube: cluster(), namespace: "a", pod: "p", port: 8080 });
    expect((await (await fetch(`${forward.url}/large`)).text()).length).toBe(3_000_000);
  });

  test("closes the connection if nothing listens, or the API server refuses", async () => {
    using closed = await forwardPort({ kube: cluster(), namespace: "a", pod: "p", port: 1 });
    expect(fetch(`${closed.url}/a`)).rejects.toThrow();
    const refusing = cluster();
    const { connection } = refusing;
    using refused = await forwardPort({
      kube: new Kube({
        ...connection,
        dial: async () => new WebSocket(`ws://127.0.0.1:${kubelet.port}/elsewhere`),
      }),
      namespace: "a",
      pod: "p",
      port: 8080,
    });
    expect(fetch(`${refused.url}/a`)).rejects.toThrow();
  });

  test("is impossible if the connection cannot open WebSockets", async () => {
    const { kube } = new FakeCluster("fake");
    expect(forwardPort({ kube, namespace: "a", pod: "p", port: 1 })).rejects.toThrow(
      "does not support port forwarding",
    );
  });
});
