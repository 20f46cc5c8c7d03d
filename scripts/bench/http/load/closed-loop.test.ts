import { expect, test } from "bun:test";
import { join } from "node:path";

const SCRIPT = join(import.meta.dir, "closed-loop.ts");

async function load(
  port: number,
): Promise<{ requests: number; rps: number; p50: number; p99: number; failed: number }> {
  const args = [`http://127.0.0.1:${port}/x?y=z`, "0.3", "4"];
  const child = Bun.spawn([process.execPath, SCRIPT, ...args], { stdout: "pipe", stderr: "inherit" });
  return JSON.parse(await child.stdout.text());
}

test("the bundled load counts complete responses with any framing", async () => {
  const seen: string[] = [];
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      seen.push(new URL(request.url).pathname + new URL(request.url).search);
      if (seen.length % 2 === 0) return new Response("some text");
      return new Response(
        new ReadableStream({ start: (c) => (c.enqueue("in a "), c.enqueue("chunk"), c.close()) }),
      );
    },
  });
  const { requests, rps, p50, p99, failed } = await load(server.port ?? 0);
  expect(requests).toBe(seen.length);
  expect(new Set(seen)).toEqual(new Set(["/x?y=z"]));
  expect([failed, rps > 0, p99 >= p50, p50 > 0]).toEqual([0, true, true, true]);
});

test("the bundled load counts failed responses and connections", async () => {
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response("no", { status: 503 }),
  });
  const refused = await load(server.port ?? 0);
  expect([refused.requests, refused.failed > 0]).toEqual([0, true]);
  const { port } = server;
  await server.stop(true);
  expect(await load(port ?? 0)).toMatchObject({ requests: 0, failed: 4 });
});
