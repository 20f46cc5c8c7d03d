import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ObjectStore } from "../testing/object-store.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { FileLock } from "./file-lock.ts";
import { LeaseLock } from "./lease-lock.ts";
import { LockTaken } from "./lock.ts";

describe("a lock in a file", () => {
  test("has one holder, visible to others, until it is released", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kyc-lock-"));
    try {
      const lock = new FileLock(join(folder, "a/lock"), "credit-check");
      expect(await lock.holder()).toBeUndefined();
      const held = await lock.acquire("ann@host");
      expect((await lock.holder())?.who).toBe("ann@host");
      expect(String(await lock.acquire("bob@host").catch((error: unknown) => error))).toContain(
        "credit-check is being rolled out by ann@host since",
      );
      await held.release();
      expect(await lock.holder()).toBeUndefined();
      await (await lock.acquire("bob@host")).release();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("is free after its process was killed", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kyc-lock-"));
    try {
      const path = join(folder, "lock");
      // Ends with the test, which closes its input.
      const script = `
        const { FileLock } = await import(${JSON.stringify(join(import.meta.dir, "file-lock.ts"))});
        await new FileLock(${JSON.stringify(path)}, "credit-check").acquire("the other");
        console.log("held");
        for await (const _ of process.stdin);`;
      const child = Bun.spawn([process.execPath, "-e", script], { stdin: "pipe", stdout: "pipe" });
      const { value } = await child.stdout.getReader().read();
      expect(new TextDecoder().decode(value)).toBe("held\n");
      const lock = new FileLock(path, "credit-check");
      expect((await lock.holder())?.who).toBe("the other");
      expect(await lock.acquire("ann").catch((error: unknown) => error)).toBeInstanceOf(LockTaken);
      child.kill("SIGKILL");
      await child.exited;
      expect(await lock.holder()).toBeUndefined();
      expect(await lock.lastHolder()).toMatchObject({ who: "the other", alive: false });
      await (await lock.acquire("ann")).release();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("a lock on a cluster", () => {
  const make = () => {
    const store = new ObjectStore();
    const clock = new VirtualClock();
    return { store, clock, lock: () => new LeaseLock(store.kube, "kyc", "credit-check", clock) };
  };

  test("is renewed while it is held, and cannot be acquired by others", async () => {
    const { clock, lock } = make();
    const held = await lock().acquire("ann@host");
    expect(
      await lock()
        .acquire("bob@host")
        .catch((error: unknown) => error),
    ).toBeInstanceOf(LockTaken);
    await clock.sleep(120_000);
    expect((await lock().holder())?.who).toBe("ann@host");
    expect(held.lost.aborted).toBe(false);
    await held.release();
    expect(await lock().holder()).toBeUndefined();
    await (await lock().acquire("bob@host")).release();
  });

  test("of a process that ended is free after its duration", async () => {
    const { store, clock, lock } = make();
    const dead = new VirtualClock(clock.now());
    // A stopped clock: the process renews nothing.
    dead.sleep = () => new Promise(() => {});
    await new LeaseLock(store.kube, "kyc", "credit-check", dead).acquire("ann@host");
    const from = clock.now();
    const held = await lock().acquire("bob@host");
    expect(clock.now() - from).toBeGreaterThanOrEqual(15_000);
    expect((await lock().holder())?.who).toBe("bob@host");
    await held.release();
  });

  test("that cannot be renewed is lost before another may take it", async () => {
    const { store, clock, lock } = make();
    const held = await lock().acquire("ann@host");
    store.isDown = true;
    await clock.sleep(14_999);
    expect(held.lost.aborted).toBe(true);
  });

  test("is retried soon after a failed renewal", async () => {
    const { store, clock, lock } = make();
    const held = await lock().acquire("ann@host");
    await clock.sleep(500);
    for (let renewal = 0; renewal < 4; renewal++) {
      await clock.sleep(4_000);
      store.isDown = true;
      await clock.sleep(1_000);
      store.isDown = false;
    }
    expect(held.lost.aborted).toBe(false);
    expect((await lock().holder())?.who).toBe("ann@host");
    await held.release();
  });

  test("that another process took is lost at once", async () => {
    const { store, clock, lock } = make();
    const held = await lock().acquire("ann@host");
    const ref = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      namespace: "kyc",
      name: "kyc-rollout-credit-check",
    };
    const lease = await store.kube.get(ref);
    if (lease === undefined) throw new Error("there is a lease");
    await store.kube.replace({ ...lease, spec: { holderIdentity: "eve" } }, { fieldManager: "eve" });
    await clock.sleep(6_000);
    expect(held.lost.aborted).toBe(true);
    await held.release();
    expect((await store.kube.get(ref))?.spec).toEqual({ holderIdentity: "eve" });
  });
});
