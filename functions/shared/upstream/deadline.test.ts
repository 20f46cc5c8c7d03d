import { describe, expect, test } from "bun:test";
import { startDeadline } from "./deadline.ts";

describe("a deadline", () => {
  test("ends what takes longer", async () => {
    const deadline = startDeadline(5, new AbortController().signal);
    expect(deadline.reason()).toBeUndefined();
    await new Promise((resolve) => deadline.signal.addEventListener("abort", resolve));
    expect(deadline.reason()).toBe("timeout");
  });

  test("ends with the caller", () => {
    const caller = new AbortController();
    const deadline = startDeadline(60_000, caller.signal);
    caller.abort();
    expect(deadline.signal.aborted).toBe(true);
    expect(deadline.reason()).toBe("aborted");
    deadline.clear();
  });

  test("is over at once for a caller that has closed the connection", () => {
    const deadline = startDeadline(60_000, AbortSignal.abort());
    expect(deadline.signal.aborted).toBe(true);
    deadline.clear();
  });

  test("means nothing any more when it is cleared", async () => {
    const caller = new AbortController();
    const deadline = startDeadline(5, caller.signal);
    deadline.clear();
    caller.abort();
    await Bun.sleep(20);
    expect(deadline.signal.aborted).toBe(false);
    expect(deadline.reason()).toBeUndefined();
  });

  test("leaves no timer behind: a process with nothing else to do ends", async () => {
    const module = new URL("./deadline.ts", import.meta.url).href;
    const script = `const { startDeadline } = await import(${JSON.stringify(module)});
      startDeadline(60_000, new AbortController().signal).clear();`;
    const child = Bun.spawn([process.execPath, "-e", script], { env: {} });
    expect(await child.exited).toBe(0);
  });
});
