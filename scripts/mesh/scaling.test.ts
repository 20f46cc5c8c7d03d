import { describe, expect, test } from "bun:test";
import { type EchoScaling, echoRevision, echoTraffic, TestSystem, until } from "./testing/test-system.ts";

// A window of six seconds takes 0.3 s.
const SECOND_MS = 50;
const FROM_ZERO: EchoScaling = { annotations: { "min-scale": "0", window: "6s" } };

async function echoSystem(scaling: EchoScaling, env: Record<string, string> = {}): Promise<TestSystem> {
  const system = await TestSystem.create();
  await system.write("knative/echo/1-a.yaml", echoRevision("a", env, scaling) + echoTraffic({ a: 100 }));
  await system.remove("knative/echo/2-b.yaml");
  return system;
}

const processesOf = (system: TestSystem): { pid: number; port: number }[] => [
  ...(system.mesh?.processes().get("echo-a") ?? []),
];

async function pidOf(response: Response): Promise<number> {
  expect(response.status).toBe(200);
  return ((await response.json()) as { pid: number }).pid;
}

describe("a revision with min-scale 0", () => {
  test("is started by its first request, which is held, reported as cold, and answered", async () => {
    await using system = await echoSystem(FROM_ZERO, { START_AFTER_MS: "300" });
    const mesh = await system.start(1, SECOND_MS);
    expect(mesh.processes()).toEqual(new Map());
    expect(system.events.revisions).toEqual(["echo-a idle starts with the first request"]);
    const answers = await Promise.all([1, 2, 3].map(() => system.fetch("/").then(pidOf)));
    const [process] = processesOf(system);
    expect(answers).toEqual([process?.pid, process?.pid, process?.pid].map((pid) => pid ?? -1));
    expect(system.events.served.map(({ cold }) => cold)).toEqual([true, true, true]);
    await system.fetch("/");
    expect(system.events.served.at(-1)?.cold).toBe(false);
    expect((await fetch(`http://127.0.0.1:${process?.port}/readyz`)).status).toBe(200);
  });

  test("ends after a window without a request, not during one, and starts again with the next", async () => {
    await using system = await echoSystem(FROM_ZERO);
    await system.start(1, SECOND_MS);
    const first = await pidOf(await system.fetch("/slow?ms=600"));
    expect(processesOf(system).map(({ pid }) => pid)).toEqual([first]);
    await until("it is scaled to zero", () => processesOf(system).length === 0);
    expect(system.events.revisions.at(-1)).toBe("echo-a idle was scaled to zero after 6 s without a request");
    const second = await pidOf(await system.fetch("/"));
    expect(second).not.toBe(first);
  });

  test("goes to zero and back under load without a failed request", async () => {
    await using system = await echoSystem(FROM_ZERO);
    await system.start(1, 15);
    const pids = new Set<number>();
    let failed = 0;
    const ask = async (path: string): Promise<void> => {
      const response = await system.fetch(path);
      if (response.status === 200) pids.add(await pidOf(response));
      else failed++;
    };
    let round = 0;
    // Pauses around the length of the window, so that requests meet every phase of the end and of the start. On a
    // busy machine more of them are needed until the fourth process answers.
    for (; round < 14 || (pids.size <= 3 && round < 60); round++) {
      const burst = Array.from({ length: 20 }, (_, i) => ask(i % 4 === 0 ? "/slow?ms=20" : "/"));
      await Promise.all(burst);
      await Bun.sleep(85 + 3 * (round % 14));
    }
    expect(failed).toBe(0);
    expect(pids.size).toBeGreaterThan(3);
    expect(system.events.served.filter(({ status }) => status === 200)).toHaveLength(20 * round);
  });

  test("holds the requests that arrive while it starts even if an edit replaces it", async () => {
    await using system = await echoSystem(FROM_ZERO, { START_AFTER_MS: "300" });
    await system.start(1, SECOND_MS);
    const held = system.fetch("/");
    await Bun.sleep(50);
    await system.write(
      "knative/echo/1-a.yaml",
      echoRevision("a", { GREETING: "new" }, FROM_ZERO) + echoTraffic({ a: 100 }),
    );
    await until("the edit is in force", () => system.events.applied.length === 2);
    expect((await held).status).toBe(200);
    const answer = (await (await system.fetch("/")).json()) as { env: { GREETING: string } };
    expect(answer.env.GREETING).toBe("new");
  });

  test("that cannot start refuses its requests with the reason, and is idle again after a window", async () => {
    await using system = await echoSystem(FROM_ZERO, { FAIL_TO_START: "no database" });
    await system.start(1, SECOND_MS);
    const response = await system.fetch("/");
    expect(response.status).toBe(503);
    expect(await response.text()).toStartWith("echo-a is not running: ended: its configuration is not valid");
    await until("it rests", () => system.events.revisions.at(-1)?.startsWith("echo-a idle was") === true);
    await until("its process has ended", () => processesOf(system).length === 0);
  });

  test("that crashes during its first requests is restarted", async () => {
    await using system = await echoSystem(FROM_ZERO);
    await system.start(1, SECOND_MS);
    expect((await system.fetch("/crash")).status).toBe(503);
    await until("the crash is seen", () => system.events.revisions.some((text) => text.includes("code 9")));
    expect((await system.fetch("/")).status).toBe(200);
  });

  test("leaves no process when the mesh stops while it starts, and while it ends", async () => {
    for (const pause of [30, 600]) {
      await using system = await echoSystem(FROM_ZERO, { START_AFTER_MS: "200" });
      const mesh = await system.start(1, SECOND_MS);
      const asked = system.fetch("/").then(({ status }) => status);
      await Bun.sleep(pause);
      const pids = processesOf(system).map(({ pid }) => pid);
      await mesh.stop();
      expect(await asked).toBe(200);
      expect(pids.filter(isAlive)).toEqual([]);
      expect(mesh.processes()).toEqual(new Map());
    }
  });
});

describe("a revision without annotations", () => {
  test("runs from the start, and ends after Knative's window of a minute", async () => {
    await using system = await echoSystem({});
    await system.start(1, 5);
    await until("it runs", () => processesOf(system).length === 1);
    await until("it is scaled to zero", () => processesOf(system).length === 0);
    expect(system.events.revisions.at(-1)).toBe(
      "echo-a idle was scaled to zero after 60 s without a request",
    );
  });
});

describe("a revision under more load than the target of one process", () => {
  test("gets more processes, up to max-scale, which share it, and falls back to min-scale", async () => {
    const annotations = { "min-scale": "1", "max-scale": "3", target: "2", window: "6s" };
    await using system = await echoSystem({ annotations });
    await system.start(1, SECOND_MS);
    await system.fetch("/");
    const answers = Array.from({ length: 30 }, () => system.fetch("/slow?ms=1500").then(pidOf));
    await until("there are three", () => processesOf(system).length === 3);
    await until(
      "all take requests",
      () => system.events.revisions.at(-1)?.endsWith("with 3 processes") === true,
    );
    const shared = await Promise.all(
      Array.from({ length: 30 }, () => system.fetch("/slow?ms=50").then(pidOf)),
    );
    expect(new Set(shared).size).toBeGreaterThan(1);
    expect(processesOf(system)).toHaveLength(3);
    await Promise.all(answers);
    await until("one is left", () => processesOf(system).length === 1);
    await Bun.sleep(10 * SECOND_MS);
    expect(processesOf(system)).toHaveLength(1);
  });

  test("gives no process more than containerConcurrency, and holds the other requests in order", async () => {
    const annotations = { "min-scale": "1", "max-scale": "1" };
    await using system = await echoSystem({ annotations, containerConcurrency: 2 });
    await system.start(1, SECOND_MS);
    await system.fetch("/");
    const pids = await Promise.all(Array.from({ length: 12 }, () => system.fetch("/busy").then(busy)));
    expect(Math.max(...pids)).toBe(2);
    expect(system.events.served.filter(({ cold }) => cold).length).toBeLessThanOrEqual(1);

    async function busy(response: Response): Promise<number> {
      return Number(await response.text());
    }
  });

  test("keeps answering when one of its processes is killed", async () => {
    const annotations = { "min-scale": "2", "max-scale": "2" };
    await using system = await echoSystem({ annotations });
    await system.start(1, SECOND_MS);
    await until(
      "both are ready",
      () => system.events.revisions.at(-1)?.endsWith("with 2 processes") === true,
    );
    const [victim, other] = processesOf(system);
    process.kill(victim?.pid ?? 0, "SIGKILL");
    await until("it was told", () =>
      system.events.revisions.some((line) => line.includes("one ended by SIGKILL")),
    );
    expect(await pidOf(await system.fetch("/"))).toBe(other?.pid ?? -1);
    await until(
      "both are ready again",
      () => system.events.revisions.at(-1)?.endsWith("with 2 processes") === true,
    );
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
