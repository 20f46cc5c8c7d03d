import { describe, expect, test } from "bun:test";
import { Unreachable } from "../kube/connection.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { Answer } from "../kube/testing/fake-answer.ts";
import { FakeApiServer } from "../kube/testing/fake-api-server.ts";
import { kubeOf } from "../kube/testing/kubeconfig.ts";
import { readLogs } from "./logs.ts";
import { podObject } from "./fake-objects.ts";

/** An API server over TLS whose pods are watched, and their logs followed, as a test defines. */
class Followed implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly logs = new Map<string, Answer[]>();
  readonly ended: Promise<unknown>;
  readonly #server: FakeApiServer;
  readonly #controller = new AbortController();
  readonly #watch = Promise.withResolvers<Answer>();

  constructor(server: FakeApiServer, pods: KubeObject[]) {
    this.#server = server;
    server.on("GET /api/v1/namespaces/kyc/pods", (answer, { query }) => {
      if (query["watch"] === undefined)
        return answer.json({ metadata: { resourceVersion: "1" }, items: pods });
      answer.begin();
      this.#watch.resolve(answer);
    });
    for (const name of ["a", "b"])
      server.on(`GET /api/v1/namespaces/kyc/pods/${name}/log`, (answer, { query }) => {
        answer.begin();
        this.logs.set(name, [...(this.logs.get(name) ?? []), answer]);
        this.lines.push(`${name} is read from ${query["tailLines"] ?? "its begin"}`);
      });
    const { signal } = this.#controller;
    const options = {
      namespace: "kyc",
      service: undefined,
      revision: undefined,
      tail: 50,
      follow: true,
      signal,
    };
    this.ended = readLogs(kubeOf(server), options, ({ pod, text }) =>
      this.lines.push(`${pod}: ${text}`),
    ).catch((error: unknown) => error);
  }

  /** Sends an event for a pod. */
  async event(type: string, pod: KubeObject): Promise<void> {
    await (await this.#watch.promise).event(type, pod);
  }

  /** The log that is read of a pod, the last one. */
  log(pod: string): Answer {
    const answer = this.logs.get(pod)?.at(-1);
    if (answer === undefined) throw new Error(`the log of ${pod} is not read`);
    return answer;
  }

  async until(line: string): Promise<void> {
    for (let i = 0; !this.lines.includes(line); i++) {
      if (i > 1_000) throw new Error(`no "${line}" came, but ${JSON.stringify(this.lines)}`);
      await Bun.sleep(1);
    }
  }

  stop(): Promise<unknown> {
    this.#controller.abort();
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#server[Symbol.dispose]();
  }
}

let version = 1;

function pod(name: string, restartCount = 0, state: object = { running: {} }): KubeObject {
  const object = podObject("credit-check", "credit-check-basic", { name, user: { restartCount, state } });
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } };
}

describe("logs that are followed", () => {
  test("go on with each line, with pods that come later, and end with the signal", async () => {
    await using followed = new Followed(await FakeApiServer.start(), [pod("a")]);
    await followed.until("a is read from 50");
    await followed.log("a").write("one\n");
    await followed.until("a: one");
    await followed.event("ADDED", pod("b", 0, { waiting: { reason: "ContainerCreating" } }));
    await followed.event("MODIFIED", pod("b"));
    await followed.until("b is read from 50");
    await followed.log("b").write("two\n");
    await followed.log("a").write("three\n");
    await followed.until("b: two");
    await followed.until("a: three");
    expect(await followed.stop()).toBe(2);
  });

  test("go on with a container that is started again, from its first line", async () => {
    await using followed = new Followed(await FakeApiServer.start(), [pod("a")]);
    await followed.until("a is read from 50");
    await followed.log("a").write("last words\n");
    await followed.event("MODIFIED", pod("a", 0, { terminated: { exitCode: 1 } }));
    await followed.event("MODIFIED", pod("a", 1, { waiting: { reason: "CrashLoopBackOff" } }));
    await followed.event("MODIFIED", pod("a", 1));
    followed.log("a").end();
    await followed.until("a is read from its begin");
    await followed.log("a").write("hello again\n");
    await followed.until("a: hello again");
    expect(followed.lines).toEqual([
      "a is read from 50",
      "a: last words",
      "a is read from its begin",
      "a: hello again",
    ]);
  });

  test("end with an error when one is cut, and leave no other open", async () => {
    await using followed = new Followed(await FakeApiServer.start(), [pod("a"), pod("b")]);
    await followed.until("a is read from 50");
    await followed.until("b is read from 50");
    const other = followed.log("b").closed;
    followed.log("a").cut();
    const error = await followed.ended;
    expect(error).toBeInstanceOf(Unreachable);
    await other;
  });
});
