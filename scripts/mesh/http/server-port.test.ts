import { describe, expect, test } from "bun:test";
import { replyTarget, TestServer } from "../testing/test-server.ts";
import { type HttpServerOptions, serveHttp } from "./server.ts";

describe("a port", () => {
  const options = (port: number): HttpServerOptions => ({
    hostname: "127.0.0.1",
    port,
    onExchange: replyTarget,
  });

  test("that is in use is an error", () => {
    using server = new TestServer();
    expect(() => serveHttp(options(server.http.port))).toThrow(
      expect.objectContaining({ code: "EADDRINUSE" }),
    );
  });

  test("that another process uses is an error, even if that process would share it", async () => {
    const program = `
      const server = Bun.serve({ port: 0, hostname: "127.0.0.1", reusePort: true, fetch: () => new Response() });
      console.log(server.port);`;
    const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
    try {
      const { value } = await child.stdout.getReader().read();
      const port = Number(new TextDecoder().decode(value));
      expect(() => serveHttp(options(port))).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
    } finally {
      child.kill();
      await child.exited;
    }
  });

  test("that this server uses cannot be shared by another process", async () => {
    using server = new TestServer();
    const program = `
      try { Bun.serve({ port: ${server.http.port}, hostname: "127.0.0.1", reusePort: true, fetch: () => new Response() }); }
      catch (error) { console.log(error.code); process.exit(); }`;
    const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
    try {
      const { value } = await child.stdout.getReader().read();
      expect(new TextDecoder().decode(value)).toBe("EADDRINUSE\n");
    } finally {
      child.kill();
      await child.exited;
    }
  });
});
