import { expect, test } from "bun:test";
import { Outgoing, type Sink } from "./outgoing.ts";

/** A socket whose kernel buffer accepts this many more bytes. */
class FakeSocket implements Sink {
  room = Number.POSITIVE_INFINITY;
  written = "";
  calls = 0;

  write(bytes: Buffer): number {
    this.calls++;
    if (this.room < 0) return -1;
    const taken = Math.min(this.room, bytes.length);
    this.room -= taken;
    this.written += bytes.toString("latin1", 0, taken);
    return taken;
  }
}

function outgoing(): { socket: FakeSocket; sender: Outgoing; drained: () => number } {
  let count = 0;
  return { socket: new FakeSocket(), sender: new Outgoing(() => count++), drained: () => count };
}

test("bytes written before the connection is open are sent then, in one write", () => {
  const { socket, sender, drained } = outgoing();
  sender.write(Buffer.from("a"));
  sender.write(Buffer.from("b"));
  expect(sender.congested).toBe(true);
  sender.opened(socket);
  expect(socket).toMatchObject({ written: "ab", calls: 1 });
  expect(sender.congested).toBe(false);
  expect(drained()).toBe(1);
});

test("bytes that the kernel does not accept are sent later, in order", () => {
  const { socket, sender, drained } = outgoing();
  sender.opened(socket);
  socket.room = 3;
  sender.write(Buffer.from("abcde"));
  sender.write(Buffer.from("fg"));
  expect(socket.written).toBe("abc");
  expect(sender.congested).toBe(true);
  socket.room = 3;
  sender.flush();
  expect(socket.written).toBe("abcdef");
  expect(drained()).toBe(0);
  socket.room = 1;
  sender.flush();
  expect(socket.written).toBe("abcdefg");
  expect(sender.congested).toBe(false);
  expect(drained()).toBe(1);
});

test("a flush without buffered bytes does not call onDrained", () => {
  const { socket, sender, drained } = outgoing();
  sender.opened(socket);
  sender.flush();
  expect(drained()).toBe(0);
});

test("100,000 small pieces are sent quickly in few writes", () => {
  const { socket, sender } = outgoing();
  for (let i = 0; i < 100_000; i++) sender.write(Buffer.from("ab"));
  const startedAt = performance.now();
  sender.opened(socket);
  expect(performance.now() - startedAt).toBeLessThan(500);
  expect(socket.written.length).toBe(200_000);
  expect(socket.calls).toBeLessThan(10);
});

test("nothing is buffered after the connection is closed", () => {
  const { socket, sender, drained } = outgoing();
  sender.write(Buffer.from("a"));
  sender.gone();
  sender.write(Buffer.from("b"));
  sender.opened(socket);
  expect(sender.congested).toBe(false);
  expect(socket.written).toBe("");
  expect(drained()).toBe(0);
});

test("a write to a closed connection drops the buffered bytes", () => {
  const { socket, sender, drained } = outgoing();
  sender.write(Buffer.from("a"));
  socket.room = -1;
  sender.opened(socket);
  expect(sender.congested).toBe(false);
  expect(drained()).toBe(0);
});
