import { describe, expect, test } from "bun:test";
import { untilRouted } from "./wait-for-route.ts";

/** A gateway that answers with these statuses in turn, the last for ever; 0 is no answer. */
function gateway(...statuses: number[]): {
  asked: string[];
  pauses: number;
  routed(ms?: number): Promise<boolean>;
} {
  const seen = {
    asked: [] as string[],
    pauses: 0,
    routed: (timeoutMs = 60_000): Promise<boolean> =>
      untilRouted({
        url: "http://gateway",
        path: "/orders",
        statuses: [302],
        signal: new AbortController().signal,
        timeoutMs,
        fetch: async (url) => {
          const status = statuses[Math.min(seen.asked.length, statuses.length - 1)] ?? 0;
          seen.asked.push(url);
          if (status === 0) throw new Error("refused");
          return new Response(null, { status });
        },
        pause: async () => void seen.pauses++,
      }),
  };
  return seen;
}

describe("the ingress gateway", () => {
  test("knows the way when it was found five times in a row, since it may have several pods", async () => {
    const seen = gateway(302);
    expect(await seen.routed()).toBe(true);
    expect(seen.asked).toEqual(Array(5).fill("http://gateway/orders"));
    expect(seen.pauses).toBe(0);
  });

  test("is requested again after each answer of a pod without the route, or without an answer", async () => {
    const seen = gateway(404, 302, 302, 503, 302, 0, 302);
    expect(await seen.routed()).toBe(true);
    expect(seen.asked).toHaveLength(6 + 5);
    expect(seen.pauses).toBe(3);
  });

  test("does not know the way when time is up", async () => {
    expect(await gateway(404).routed(5)).toBe(false);
  });
});

test("looking for the way ends with the signal", async () => {
  const waiting = untilRouted({
    url: "http://gateway",
    path: "/",
    statuses: [200],
    signal: AbortSignal.abort(),
    timeoutMs: 1_000,
  });
  await expect(waiting).rejects.toThrow("abort");
});
