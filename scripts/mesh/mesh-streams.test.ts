import { expect, test } from "bun:test";
import { TestSystem, until } from "./testing/test-system.ts";

// A real service with a WebSocket and an event stream, behind a real mesh.
const SERVICE = `
const server = Bun.serve({
  port: Number(process.env.PORT),
  hostname: process.env.HOST,
  fetch(request, server) {
    const { pathname } = new URL(request.url);
    if (pathname === "/chat" && server.upgrade(request, { data: undefined })) return;
    if (pathname !== "/events") return new Response("ready");
    let next = 0;
    let timer;
    const body = new ReadableStream({
      start(controller) {
        timer = setInterval(() => controller.enqueue("data: " + process.env.K_REVISION + " " + next++ + "\\n\\n"), 5);
      },
      cancel() {
        clearInterval(timer);
        console.log("no reader");
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  },
  websocket: {
    message: (socket, message) => void socket.send(process.env.K_REVISION + " heard " + message),
    close: (socket, code) => console.log("closed with " + code),
  },
});
process.on("SIGTERM", async () => { await server.stop(true); process.exit(0); });
`;

async function started(): Promise<TestSystem> {
  const system = await TestSystem.create();
  await system.write("functions/echo/main.ts", SERVICE);
  await system.start();
  return system;
}

test.each(["ingress", "cluster-local host"])("a WebSocket passes the %s", async (way) => {
  await using system = await started();
  const { port = 0, localPort = 0 } = system.mesh ?? {};
  const isIngress = way === "ingress";
  const socket = new WebSocket(`ws://127.0.0.1:${isIngress ? port : localPort}/chat`, {
    headers: isIngress ? {} : { host: "echo.test.svc.cluster.local" },
  });
  const heard: string[] = [];
  socket.onmessage = ({ data }) => void heard.push(String(data));
  const open = Promise.withResolvers<void>();
  socket.onopen = () => open.resolve();
  socket.onerror = () => open.reject(new Error("no WebSocket"));
  await open.promise;
  for (let i = 0; i < 50; i++) socket.send(`message ${i}`);
  await until("all came back", () => heard.length === 50);
  expect(new Set(heard.map((text) => text.split(" heard ")[0])).size).toBe(1);
  expect(heard.map((text) => text.split(" heard ")[1])).toEqual(
    Array.from({ length: 50 }, (_, i) => `message ${i}`),
  );
  socket.close(4001, "enough");
  await until("the service heard the end", () =>
    system.events.lines.some((line) => line.includes("closed with 4001")),
  );
  await until("it was told", () => system.events.served.some(({ status }) => status === 101));
});

test.each(["ingress", "cluster-local host"])(
  "server-sent events pass the %s one by one, and end with their reader",
  async (way) => {
    await using system = await started();
    const { port = 0, localPort = 0 } = system.mesh ?? {};
    const isIngress = way === "ingress";
    const listening = new AbortController();
    const response = await fetch(`http://127.0.0.1:${isIngress ? port : localPort}/events`, {
      headers: isIngress ? {} : { host: "echo.test.svc.cluster.local" },
      signal: listening.signal,
    });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    let text = "";
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes, { stream: true });
      if (text.includes(" 5\n\n")) break;
    }
    expect(text).toMatch(/^data: echo-[ab] 0\n\ndata: echo-[ab] 1\n\n/);
    listening.abort();
    await until("the service heard that", () =>
      system.events.lines.some((line) => line.includes("no reader")),
    );
  },
);
