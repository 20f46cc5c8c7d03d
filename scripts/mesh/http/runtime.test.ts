import { afterEach, expect, mock, spyOn, test } from "bun:test";
import { OK, TestRequest } from "../testing/fake-upstream.ts";
import { replyTarget, request, TestServer } from "../testing/test-server.ts";
import { RawServer, RawSocket } from "../testing/raw-socket.ts";
import { HttpClient } from "./client.ts";

// Checks the behaviour of the runtime's sockets that this code depends on. A runtime upgrade that changes it must
// fail here.

afterEach(() => {
  mock.restore();
});

test("the runtime does not reuse the buffer that a socket delivers", async () => {
  const kept: Buffer[] = [];
  using listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, bytes) {
        kept.push(bytes.subarray(1));
        socket.write("more");
      },
    },
  });
  using client = await RawSocket.connect(listener.port);
  const letters = [..."abcdefghijklmnopqrst"];
  for (const letter of letters) {
    client.clear();
    await client.send(letter.repeat(1_000));
    await client.until("more");
  }
  expect(kept.map((bytes) => bytes.toString())).toEqual(letters.map((letter) => letter.repeat(999)));
});

test("an error in a request handler closes its own connection and is reported", async () => {
  const report = spyOn(globalThis, "reportError").mockImplementation(() => {});
  using server = new TestServer((exchange) => {
    if (exchange.request.target === "/bad") throw new Error("a mistake");
    replyTarget(exchange);
  });
  using good = await server.connect();
  using bad = await server.connect();
  await bad.send(request("GET /bad"));
  await bad.untilEnded();
  await good.send(request("GET /good"));
  await good.until("/good\n");
  expect(server.aborted).toHaveLength(1);
  expect(report.mock.calls).toEqual([[new Error("a mistake")]]);
});

test("an error in a response handler fails its own connection and is reported", async () => {
  const report = spyOn(globalThis, "reportError").mockImplementation(() => {});
  using server = await RawServer.listen();
  const client = new HttpClient("127.0.0.1", server.port);
  const request = new TestRequest(client);
  request.onHead = () => {
    throw new Error("a mistake");
  };
  const upstream = await server.accept();
  await upstream.send(OK);
  await request.over();
  await upstream.untilEnded();
  expect(request.failure?.kind).toBe("broken");
  expect(report.mock.calls).toEqual([[new Error("a mistake")]]);
  await client.close();
});
