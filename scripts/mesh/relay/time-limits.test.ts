import { expect, spyOn, test } from "bun:test";
import type { Hop } from "../../traffic/resolve.ts";
import { Deadline, perTryTimeoutOf, timeoutOf } from "./time-limits.ts";
import { answering, OK } from "../testing/fake-upstream.ts";
import { request } from "../testing/test-server.ts";
import { forward, redirect, retrying, revision, TestProxy } from "../testing/test-proxy.ts";

function hops(...rules: Hop["rule"][]): Hop[] {
  return rules.map((rule) => ({
    rule,
    destination: undefined,
    response: [],
    before: undefined,
    delayMs: 0,
    mirrored: [],
  }));
}

test("a deadline fires once, counted from its first start", async () => {
  const calls: number[] = [];
  const deadline = new Deadline();
  deadline.start(10, () => calls.push(1));
  deadline.start(0, () => calls.push(2));
  await Bun.sleep(30);
  expect(calls).toEqual([1]);
});

test("a cleared deadline does not fire, and can be started again", async () => {
  const calls: number[] = [];
  const deadline = new Deadline();
  deadline.start(5, () => calls.push(1));
  deadline.clear();
  deadline.start(10, () => calls.push(2));
  await Bun.sleep(30);
  expect(calls).toEqual([2]);
});

test.each([Number.POSITIVE_INFINITY, 2 ** 31, 1e15])("a deadline of %d ms never fires", async (ms) => {
  const deadline = new Deadline();
  deadline.start(ms, () => expect.unreachable());
  await Bun.sleep(5);
});

test("the shortest limit of all hops applies", () => {
  const [slow, fast, none] = [1_000, 500, undefined].map((timeoutMs) =>
    forward(revision("a"), { timeoutMs }),
  );
  const all = hops(slow as Hop["rule"], fast as Hop["rule"], none as Hop["rule"]);
  expect(timeoutOf(all, 2_000)).toBe(500);
  expect(timeoutOf(all, 300)).toBe(300);
  expect(timeoutOf(hops(redirect({})), 2_000)).toBe(2_000);
  expect(timeoutOf([], 2_000)).toBe(2_000);
});

test("the shortest limit of a try applies, and no limit is infinity", () => {
  const rules = [30, undefined, 20].map((ms) => forward(revision("a"), retrying(1, [], ms)));
  expect(perTryTimeoutOf(hops(...rules, redirect({})))).toBe(20);
  expect(perTryTimeoutOf([])).toBe(Number.POSITIVE_INFINITY);
});

test("a request leaves no timer behind", async () => {
  using server = await answering(OK);
  const rule = forward(revision("a"), { ...retrying(1, ["5xx"], 59_000), timeoutMs: 61_000 });
  using proxy = new TestProxy({ a: server.port }, { rule });
  const running = new Set<unknown>();
  const start = globalThis.setTimeout;
  const stop = globalThis.clearTimeout;
  using _start = spyOn(globalThis, "setTimeout").mockImplementation(((callback: () => void, ms: number) => {
    const timer = start(callback, ms);
    if (ms === 59_000 || ms === 61_000) running.add(timer);
    return timer;
  }) as typeof setTimeout);
  let most = 0;
  using _stop = spyOn(globalThis, "clearTimeout").mockImplementation((timer) => {
    most = Math.max(most, running.size);
    running.delete(timer);
    stop(timer as Timer);
  });
  await proxy.ask(request("GET /", "connection: close"));
  expect(most).toBe(2);
  expect(running.size).toBe(0);
});
