import { describe, expect, test } from "bun:test";
import { ApiError } from "./api-error.ts";
import { Unreachable } from "./connection.ts";
import { podLogs } from "./pod-logs.ts";
import type { Answer } from "./testing/fake-answer.ts";
import { FakeApiServer } from "./testing/fake-api-server.ts";
import { kubeOf } from "./testing/kubeconfig.ts";
import { rejection } from "./testing/rejection.ts";

const PATH = "/api/v1/namespaces/kyc/pods/p/log";
const POD = { namespace: "kyc", pod: "p" };

describe("the log of a pod", () => {
  test("is its lines", async () => {
    using server = await FakeApiServer.start();
    server.on(`GET ${PATH}`, (answer) => answer.text('{"msg":"Grüße"}\n\nlast'));
    expect(await Array.fromAsync(podLogs(kubeOf(server), POD))).toEqual(['{"msg":"Grüße"}', "", "last"]);
    expect(server.to(PATH)[0]?.query).toEqual({});
  });

  test("may be of one container, of its last run, and only the end", async () => {
    using server = await FakeApiServer.start();
    server.on(`GET ${PATH}`, (answer) => answer.text(""));
    const options = { ...POD, container: "user-container", tail: 0, previous: true };
    expect(await Array.fromAsync(podLogs(kubeOf(server), options))).toEqual([]);
    expect(server.to(PATH)[0]?.query).toEqual({
      container: "user-container",
      tailLines: "0",
      previous: "true",
    });
  });

  test("is refused with the API server's own sentence", async () => {
    using server = await FakeApiServer.start();
    const message = 'container "c" in pod "p" is waiting to start: trying and failing to pull image';
    server.on(`GET ${PATH}`, (answer) => answer.refuse(400, "BadRequest", message));
    const error = await rejection(Array.fromAsync(podLogs(kubeOf(server), { ...POD, container: "c" })));
    expect(error).toBeInstanceOf(ApiError);
    expect(error.message).toBe(`cannot read the log of pod kyc/p (c): ${message}`);
  });
});

describe("a log that is followed", () => {
  test("gives each line when it is written, and ends with the container", async () => {
    using server = await FakeApiServer.start();
    const stream = streamOf(server);
    const log = podLogs(kubeOf(server), { ...POD, follow: true });
    for (const [parts, line] of [
      [["one\n"], "one"],
      [["t", "wo\n"], "two"],
    ] as const) {
      const next = log.next();
      const answer = await stream;
      for (const part of parts) await answer.write(part);
      expect(await next).toEqual({ done: false, value: line });
    }
    (await stream).end();
    expect((await log.next()).done).toBeTrue();
    expect(server.to(PATH)[0]?.query).toEqual({ follow: "true" });
  });

  test("ends in order, and closes the connection, at the signal", async () => {
    using server = await FakeApiServer.start();
    const stream = streamOf(server);
    const controller = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const line of podLogs(kubeOf(server), { ...POD, follow: true, signal: controller.signal })) {
        seen.push(line);
        controller.abort();
      }
    })();
    const answer = await stream;
    await answer.write("one\ntwo\nthree\n");
    await reading;
    expect(seen).toEqual(["one"]);
    await answer.closed;
  });

  test("ends in order at the signal while nothing is written", async () => {
    using server = await FakeApiServer.start();
    const stream = streamOf(server);
    const controller = new AbortController();
    const log = podLogs(kubeOf(server), { ...POD, follow: true, signal: controller.signal });
    const next = log.next();
    await stream;
    controller.abort();
    expect((await next).done).toBeTrue();
  });

  test("closes the connection when the reader stops", async () => {
    using server = await FakeApiServer.start();
    const stream = streamOf(server);
    const log = podLogs(kubeOf(server), { ...POD, follow: true });
    const next = log.next();
    const answer = await stream;
    await answer.write("one\n");
    await next;
    await log.return(undefined);
    await answer.closed;
  });

  test("fails when the connection is cut", async () => {
    using server = await FakeApiServer.start();
    const stream = streamOf(server);
    const reading = rejection(Array.fromAsync(podLogs(kubeOf(server), { ...POD, follow: true })));
    const answer = await stream;
    await answer.write("one\ntw");
    answer.cut();
    expect(await reading).toBeInstanceOf(Unreachable);
  });
});

/** The answer that the next request for the log gets, begun. */
function streamOf(server: FakeApiServer): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  server.on(`GET ${PATH}`, (answer) => {
    answer.begin();
    resolve(answer);
  });
  return promise;
}
