import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HttpClient } from "../http/client.ts";
import type { Place, Seat } from "./seat.ts";
import { Seats } from "./seats.ts";

const client = (): HttpClient => new HttpClient("127.0.0.1", 1);

function seats(limit = Number.POSITIVE_INFINITY, maxWaiting = 100): Seats {
  return new Seats({ name: "echo-a", limit, maxWaiting, clock: () => 0 });
}

function sat(place: Place): Seat {
  if (place.client === undefined) throw new Error("the request has to wait");
  return place;
}

function pending(place: Place): Promise<Seat> {
  if (place.client !== undefined) throw new Error("the request has a place already");
  return place.seat;
}

describe("the places at a revision", () => {
  test("are at the process that has the fewest requests", () => {
    const all = seats();
    const [a, b] = [client(), client()];
    all.add(a);
    all.add(b);
    const first = sat(all.take());
    expect([first.client, sat(all.take()).client, sat(all.take()).client]).toEqual([a, b, a]);
    first.leave();
    first.leave();
    expect([sat(all.take()).client, sat(all.take()).client]).toEqual([a, b]);
  });

  test("are at a process that has not been tried, if one of those has a place", () => {
    const all = seats(2);
    const [a, b, c] = [client(), client(), client()];
    for (const one of [a, b, c]) all.add(one);
    expect(sat(all.take(new Set([a]))).client).toBe(b);
    expect(sat(all.take(new Set([a, b]))).client).toBe(c);
    expect(sat(all.take(new Set([a, b, c]))).client).toBe(a);
    expect(sat(all.take(new Set([a]))).client).toBe(b);
    expect(sat(all.take(new Set([a]))).client).toBe(c);
    expect(sat(all.take(new Set([b, c]))).client).toBe(a);
    expect(all.take(new Set([a])).client).toBeUndefined();
  });

  test("are waited for in order while there is no process, and are cold then", async () => {
    const all = seats();
    const [first, second] = [all.take(), all.take()];
    expect([all.waiting, all.requests]).toEqual([2, 2]);
    const order: string[] = [];
    void pending(first).then(() => order.push("first"));
    void pending(second).then(() => order.push("second"));
    all.add(client());
    expect((await pending(second)).cold).toBe(true);
    expect(order).toEqual(["first", "second"]);
    expect(sat(all.take()).cold).toBe(false);
  });

  test("are no more than the limit, and the next one waiting gets what is left", async () => {
    const all = seats(2);
    all.add(client());
    const held = [sat(all.take()), sat(all.take())];
    const third = pending(all.take());
    const fourth = pending(all.take());
    held[0]?.leave();
    const seat = await third;
    expect([seat.cold, all.waiting, all.requests]).toEqual([false, 1, 3]);
    seat.leave();
    (await fourth).leave();
    held[1]?.leave();
    expect([all.waiting, all.requests]).toEqual([0, 0]);
  });

  test("are not kept for a request that no longer waits", async () => {
    const all = seats(1);
    all.add(client());
    const held = sat(all.take());
    const gone = all.take();
    const next = pending(all.take());
    gone.leave();
    gone.leave();
    expect([all.waiting, all.requests]).toEqual([1, 2]);
    held.leave();
    (await next).leave();
    expect(all.requests).toBe(0);
  });

  test("are refused beyond what may wait, at once, and given again when there is room", async () => {
    const all = seats(1, 2);
    const waiting = [all.take(), all.take()];
    expect(pending(all.take())).rejects.toThrow("the queue of echo-a is full: 2 requests wait already");
    waiting[0]?.leave();
    const last = pending(all.take());
    all.refuse("it is being stopped");
    expect(pending(waiting[1] as Place)).rejects.toThrow("it is being stopped");
    expect(last).rejects.toThrow("it is being stopped");
    expect([all.waiting, all.requests]).toEqual([0, 0]);
    await all.noneWaiting();
  });

  test("of a process that goes are waited for, and nobody new gets one", async () => {
    const all = seats();
    const [a, b] = [client(), client()];
    const row = all.add(a);
    const last = sat(all.take());
    let isEmpty = false;
    const emptied = all.remove(row).then(() => (isEmpty = true));
    all.add(b);
    expect(sat(all.take()).client).toBe(b);
    await Promise.resolve();
    expect(isEmpty).toBe(false);
    last.leave();
    await emptied;
    expect(all.open).toBe(1);
  });

  test("never exceed the limit nor leave one waiting beside a free place, whatever happens", async () => {
    const step = fc.oneof(
      fc.constant("take"),
      fc.constant("leave"),
      fc.constant("give up"),
      fc.constant("add"),
      fc.constant("remove"),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 80 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, limit) => {
          const all = seats(limit);
          const rows: ReturnType<Seats["add"]>[] = [];
          const held: Seat[] = [];
          const waiting = new Set<Place>();
          for (const now of steps) {
            if (now === "add") rows.push(all.add(client()));
            if (now === "remove" && rows.length > 0) void all.remove(rows.shift() as (typeof rows)[number]);
            if (now === "leave") held.shift()?.leave();
            if (now === "give up") {
              const [place] = waiting;
              place?.leave();
              if (place !== undefined) waiting.delete(place);
            }
            if (now === "take") {
              const place = all.take();
              if (place.client !== undefined) held.push(place);
              else {
                waiting.add(place);
                void place.seat.then((seat) => (waiting.delete(place), held.push(seat)));
              }
            }
            await new Promise((resolve) => setImmediate(resolve));
            expect(rows.every(({ taken }) => taken <= limit)).toBe(true);
            expect(waiting.size > 0 && rows.some(({ taken }) => taken < limit)).toBe(false);
            expect([all.waiting, all.requests]).toEqual([waiting.size, waiting.size + held.length]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
