import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HttpClient } from "../http/client.ts";
import { RequestQueue, type Reservation, type Slot } from "./request-queue.ts";

const client = (): HttpClient => new HttpClient("127.0.0.1", 1);

function queueOf(limit = Number.POSITIVE_INFINITY, maxWaiting = 100): RequestQueue {
  return new RequestQueue({ name: "echo-a", limit, maxWaiting, clock: () => 0 });
}

function taken(reservation: Reservation): Slot {
  if (reservation.client === undefined) throw new Error("the request waits");
  return reservation;
}

function pending(reservation: Reservation): Promise<Slot> {
  if (reservation.client !== undefined) throw new Error("the request does not wait");
  return reservation.slot;
}

describe("slots of a revision", () => {
  test("are at the process with the fewest requests", () => {
    const queue = queueOf();
    const [a, b] = [client(), client()];
    queue.add(a);
    queue.add(b);
    const first = taken(queue.reserve());
    expect([first.client, taken(queue.reserve()).client, taken(queue.reserve()).client]).toEqual([a, b, a]);
    first.release();
    first.release();
    expect([taken(queue.reserve()).client, taken(queue.reserve()).client]).toEqual([a, b]);
  });

  test("are at a process that has not been tried, if one has a free slot", () => {
    const queue = queueOf(2);
    const [a, b, c] = [client(), client(), client()];
    for (const one of [a, b, c]) queue.add(one);
    expect(taken(queue.reserve(new Set([a]))).client).toBe(b);
    expect(taken(queue.reserve(new Set([a, b]))).client).toBe(c);
    expect(taken(queue.reserve(new Set([a, b, c]))).client).toBe(a);
    expect(taken(queue.reserve(new Set([a]))).client).toBe(b);
    expect(taken(queue.reserve(new Set([a]))).client).toBe(c);
    expect(taken(queue.reserve(new Set([b, c]))).client).toBe(a);
    expect(queue.reserve(new Set([a])).client).toBeUndefined();
  });

  test("are assigned in order of arrival when the first process is ready, and then are cold", async () => {
    const queue = queueOf();
    const [first, second] = [queue.reserve(), queue.reserve()];
    expect([queue.waiting, queue.requests]).toEqual([2, 2]);
    const order: string[] = [];
    void pending(first).then(() => order.push("first"));
    void pending(second).then(() => order.push("second"));
    queue.add(client());
    expect((await pending(second)).cold).toBe(true);
    expect(order).toEqual(["first", "second"]);
    expect(taken(queue.reserve()).cold).toBe(false);
  });

  test("never exceed the limit; a released slot goes to the next waiting request", async () => {
    const queue = queueOf(2);
    queue.add(client());
    const held = [taken(queue.reserve()), taken(queue.reserve())];
    const third = pending(queue.reserve());
    const fourth = pending(queue.reserve());
    held[0]?.release();
    const slot = await third;
    expect([slot.cold, queue.waiting, queue.requests]).toEqual([false, 1, 3]);
    slot.release();
    (await fourth).release();
    held[1]?.release();
    expect([queue.waiting, queue.requests]).toEqual([0, 0]);
  });

  test("are not kept for a request that left the queue", async () => {
    const queue = queueOf(1);
    queue.add(client());
    const held = taken(queue.reserve());
    const gone = queue.reserve();
    const next = pending(queue.reserve());
    gone.release();
    gone.release();
    expect([queue.waiting, queue.requests]).toEqual([1, 2]);
    held.release();
    (await next).release();
    expect(queue.requests).toBe(0);
  });

  test("are rejected at once if the queue is full, and available again when it is not", async () => {
    const queue = queueOf(1, 2);
    const waiting = [queue.reserve(), queue.reserve()];
    expect(pending(queue.reserve())).rejects.toThrow("the queue of echo-a is full: 2 requests are waiting");
    waiting[0]?.release();
    const last = pending(queue.reserve());
    queue.rejectWaiting("it is being stopped");
    expect(pending(waiting[1] as Reservation)).rejects.toThrow("it is being stopped");
    expect(last).rejects.toThrow("it is being stopped");
    expect([queue.waiting, queue.requests]).toEqual([0, 0]);
    await queue.noneWaiting();
  });

  test("of a removed process are kept until its requests are over, and new requests use other processes", async () => {
    const queue = queueOf();
    const [a, b] = [client(), client()];
    const process = queue.add(a);
    const last = taken(queue.reserve());
    let isEmpty = false;
    const emptied = queue.remove(process).then(() => (isEmpty = true));
    queue.add(b);
    expect(taken(queue.reserve()).client).toBe(b);
    await Promise.resolve();
    expect(isEmpty).toBe(false);
    last.release();
    await emptied;
    expect(queue.open).toBe(1);
  });

  test("never exceed the limit, and no request waits while a slot is free, for any sequence of events", async () => {
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
          const queue = queueOf(limit);
          const processes: ReturnType<RequestQueue["add"]>[] = [];
          const held: Slot[] = [];
          const waiting = new Set<Reservation>();
          for (const now of steps) {
            if (now === "add") processes.push(queue.add(client()));
            if (now === "remove" && processes.length > 0)
              void queue.remove(processes.shift() as (typeof processes)[number]);
            if (now === "leave") held.shift()?.release();
            if (now === "give up") {
              const [reservation] = waiting;
              reservation?.release();
              if (reservation !== undefined) waiting.delete(reservation);
            }
            if (now === "take") {
              const reservation = queue.reserve();
              if (reservation.client !== undefined) held.push(reservation);
              else {
                waiting.add(reservation);
                void reservation.slot.then((slot) => (waiting.delete(reservation), held.push(slot)));
              }
            }
            await new Promise((resolve) => setImmediate(resolve));
            expect(processes.every(({ taken }) => taken <= limit)).toBe(true);
            expect(waiting.size > 0 && processes.some(({ taken }) => taken < limit)).toBe(false);
            expect([queue.waiting, queue.requests]).toEqual([waiting.size, waiting.size + held.length]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
