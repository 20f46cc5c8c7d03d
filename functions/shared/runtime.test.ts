import { expect, test } from "bun:test";
import { freePort } from "./testing/sockets.ts";

test("no request fails when the reader of the log disconnects", async () => {
  const port = await freePort();
  const main = Bun.fileURLToPath(new URL("../credit-check/main.ts", import.meta.url));
  const env = { CREDIT_CHECK_VARIANT: "basic", HOST: "127.0.0.1", PORT: String(port) };
  const child = Bun.spawn([process.execPath, main], { env, stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  for (let i = 0; i < 5; i++) {
    expect((await fetch(`http://127.0.0.1:${port}/credit-check/report`)).status).toBe(200);
    await Bun.sleep(60);
  }
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
});
