import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PAGE_FILES } from "./docs/docs-page.ts";
import { answers, spawnBun, type Child } from "./testing/service-process.ts";
import { freePort } from "./testing/sockets.ts";

// An image contains a bundle instead of these files, including the parts that are loaded later.

describe.each([
  ["credit-check", { CREDIT_CHECK_VARIANT: "v3" }],
  ["kyc-aggregator", { CREDIT_CHECK_URL: "http://127.0.0.1:9" }],
  ["kyc-shadow", { SHADOW_CONTROL: "http://127.0.0.1:9", SHADOW_CANDIDATE: "http://127.0.0.1:9" }],
])("%s as one bundle", (service, env) => {
  let folder: string;
  let child: Child;
  let origin: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bundle-"));
    const main = Bun.fileURLToPath(new URL(`../${service}/main.ts`, import.meta.url));
    const flags = [
      "--target=bun",
      "--splitting",
      "--minify-whitespace",
      "--minify-syntax",
      `--outdir=${folder}`,
    ];
    const build = spawnBun(["build", main, ...flags]);
    expect([await build.exited, await build.stderr()]).toEqual([0, ""]);
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    child = spawnBun([join(folder, "main.js")], { ...env, HOST: "127.0.0.1", PORT: String(port) });
    await answers(`${origin}/readyz`);
  });

  afterAll(async () => {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true });
  });

  test("has the document, the page and the metrics", async () => {
    for (const path of ["/swagger/json", "/metrics", ...PAGE_FILES.map((file) => file.path)]) {
      const response = await fetch(`${origin}${path}`);
      expect([path, response.status]).toEqual([path, 200]);
      expect((await response.bytes()).length).toBeGreaterThan(100);
    }
    expect(await (await fetch(`${origin}/metrics`)).text()).toContain("process_resident_memory_bytes");
  });
});
