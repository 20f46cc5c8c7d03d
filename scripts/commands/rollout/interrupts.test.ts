import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sampleToRun } from "../../../test/sample.ts";
import { kyc, PROGRAM, startDev } from "../testing/kyc-process.ts";

const FILE = "knative/credit-check/2-advanced.yaml";

test("a rollout whose mesh is gone restores the split at a signal, and ends at a second one", async () => {
  await using sample = await sampleToRun([
    { file: FILE, from: /percent: 50([\s\S]*)percent: 50/, to: "percent: 100$1percent: 0" },
  ]);
  const { root } = sample;
  const percents = async (): Promise<string[]> =>
    [...(await readFile(join(root, FILE), "utf8")).matchAll(/percent: ([0-9]+)/g)].map(([, p = ""]) => p);
  const plan = ["--to", "advanced", "--steps", "50,100", "--step-time", "60s", "--look", "100ms"];
  const command = [...PROGRAM, "rollout", "credit-check", ...plan];
  let said = "";
  {
    await using dev = await startDev(["--dir", root]);
    expect(dev.ingress).toStartWith("http");
    const running = Bun.spawn([...command, "--dir", root], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const bytes of running.stderr) said += decoder.decode(bytes, { stream: true });
    })();
    const until = async (text: string): Promise<void> => {
      for (const end = performance.now() + 50_000; !said.includes(text); await Bun.sleep(20))
        if (performance.now() > end) throw new Error(`it did not say ${text}:\n${said}`);
    };
    await until("judging at 50 %");
    await dev[Symbol.asyncDispose]();
    running.kill("SIGTERM");
    await until("rolling back: waiting until");
    expect(await percents()).toEqual(["100", "0"]);
    running.kill("SIGTERM");
    expect(await running.exited).toBe(130);
    await reading;
  }
  expect(said).toContain("Ended by a second SIGTERM, before the rollback was confirmed. The journal remains");
  const status = await kyc("rollout", "credit-check", "--status", "--dir", root);
  expect(status.out).toContain("stopped rolling back: waiting until the original split is in force");
  expect(await percents()).toEqual(["100", "0"]);
}, 60_000);
