import { describe, expect, test } from "bun:test";
import { NO_CHANGE } from "../../route-fields/headers/header-list.ts";
import type { Rule } from "../../traffic/table.ts";
import { answeringInTurn, OK } from "../testing/fake-upstream.ts";
import { request, statuses } from "../testing/test-server.ts";
import { forward, inner, retrying, revision, TestProxy } from "../testing/test-proxy.ts";
import { until } from "../testing/test-system.ts";
import { RawServer } from "../testing/raw-socket.ts";

const GET = request("GET /", "connection: close");

function answerOf(status: number): string {
  return `HTTP/1.1 ${status} X\r\ncontent-length: 0\r\n\r\n`;
}

async function tries(
  rule: Rule,
  answers: (string | undefined)[],
  bytes = GET,
): Promise<{ status: string; tries: number }> {
  using server = await answeringInTurn(...answers);
  using proxy = new TestProxy({ a: server.port }, { rule });
  const [status = ""] = statuses(await proxy.ask(bytes));
  expect(proxy.served).toHaveLength(1);
  return { status, tries: server.count };
}

describe("a request is sent again", () => {
  const FAILS: Record<string, string | undefined> = {
    "500": answerOf(500),
    "503": answerOf(503),
    "409": answerOf(409),
    "404": answerOf(404),
    reset: "",
    "no HTTP": "x\r\n\r\n",
  };

  test.each([
    ["5xx", ["500", "503", "reset", "no HTTP"]],
    ["gateway-error", ["503", "reset", "no HTTP"]],
    ["reset", ["reset", "no HTTP"]],
    ["retriable-4xx", ["409"]],
    ["503", ["503"]],
    ["404", ["404"]],
    ["connect-failure", []],
    ["refused-stream", []],
    ["unavailable", []],
    ["cancelled", []],
  ])("on %s after %p", async (condition, conditions) => {
    for (const [name, answer] of Object.entries(FAILS)) {
      const got = await tries(forward(revision("a"), retrying(1, [condition])), [answer, OK]);
      expect([name, got.tries]).toEqual([name, conditions.includes(name) ? 2 : 1]);
      if (conditions.includes(name)) expect(got.status).toBe("200");
    }
  });

  test("after a refused connection, on connect-failure and reset", async () => {
    for (const [condition, status] of [
      ["connect-failure", "200"],
      ["reset", "200"],
      ["503", "503"],
    ] as const) {
      const gone = await RawServer.listen();
      const { port } = gone;
      gone[Symbol.dispose]();
      using server = await answeringInTurn(OK);
      let asked = 0;
      using proxy: TestProxy = new TestProxy(
        { a: server.port, gone: port },
        {
          rule: forward(revision("a"), retrying(1, [condition])),
          client: () => proxy.client(asked++ === 0 ? "gone" : "a"),
        },
      );
      expect(statuses(await proxy.ask(GET))).toEqual([status]);
    }
  });

  test("as often as the rule allows, and the last failure is the response", async () => {
    const rule = forward(revision("a"), retrying(2, ["5xx"]));
    expect(await tries(rule, [answerOf(500), "", answerOf(504)])).toEqual({ status: "504", tries: 3 });
    expect(await tries(rule, ["", answerOf(500), ""])).toEqual({ status: "503", tries: 3 });
    expect(await tries(rule, [OK])).toEqual({ status: "200", tries: 1 });
  });

  test("with the request as the client sent it, rewritten once", async () => {
    using server = await answeringInTurn(answerOf(503), OK);
    const change = { ...NO_CHANGE, add: [["x-rule", "1"]] as const };
    const rule = forward(revision("a"), { ...retrying(1, ["503"]), rewriteUri: "/new/", request: change });
    using proxy = new TestProxy({ a: server.port }, { rule });
    await proxy.ask(request("GET /x", "connection: close"));
    const [first, second] = [await server.accept(), await server.accept()];
    expect(second.text).toStartWith("GET /new/x HTTP/1.1\r\n");
    expect(second.text).toBe(first.text);
  });

  test("to the destination that was drawn first, as in Envoy", async () => {
    for (const drawn of [0.1, 0.3, 0.6, 0.99]) {
      using a = await answeringInTurn(answerOf(503));
      using b = await answeringInTurn(answerOf(503));
      using c = await answeringInTurn(answerOf(503));
      const draws = [drawn, 0.05, 0.35, 0.95, 0.95];
      const destinations = [
        revision("a", { weight: 20 }),
        revision("b", { weight: 30 }),
        revision("c", { weight: 50 }),
      ];
      using proxy = new TestProxy(
        { a: a.port, b: b.port, c: c.port },
        { rule: forward(destinations, retrying(2, ["503"])), random: () => draws.shift() ?? 0 },
      );
      await proxy.ask(GET);
      const first = drawn < 0.2 ? a : drawn < 0.5 ? b : c;
      expect(first.count).toBe(3);
      expect(a.count + b.count + c.count).toBe(3);
    }
  });

  test("by the innermost rule first, then by the outer one, whose retry starts the inner tries again", async () => {
    const { tries } = await nested(retrying(1, ["503"]), retrying(2, ["503"]), answerOf(503));
    expect(tries).toBe(6);
  });

  test("by the outer rule if the inner one does not list the failure", async () => {
    expect((await nested(retrying(2, ["5xx"]), retrying(3, ["409"]), answerOf(500))).tries).toBe(3);
    expect((await nested(retrying(2, ["409"]), retrying(3, ["5xx"]), answerOf(500))).tries).toBe(4);
    expect((await nested(retrying(2, ["409"]), retrying(3, ["409"]), answerOf(500))).tries).toBe(1);
  });

  test("by the outer rule on the status of the inner one", async () => {
    const none = retrying(0, []);
    for (const [condition, expected] of [
      ["503", 2],
      ["5xx", 2],
      ["reset", 1],
      ["connect-failure", 1],
      ["504", 1],
    ] as const) {
      expect([condition, (await nested(retrying(1, [condition]), none, "")).tries]).toEqual([
        condition,
        expected,
      ]);
    }
    expect((await nested(retrying(1, ["502"]), none, "x\r\n\r\n")).tries).toBe(2);
    expect((await nested(retrying(1, ["504"], 20), none, undefined)).tries).toBe(2);
  });

  async function nested(
    outer: object,
    within: object,
    answer: string | undefined,
  ): Promise<{ tries: number }> {
    using server = await answeringInTurn(answer);
    using proxy = new TestProxy(
      { a: server.port },
      { rule: forward(inner(), outer), inner: forward(revision("a"), within) },
    );
    await proxy.ask(GET);
    return { tries: server.count };
  }
});

describe("a retry", () => {
  test("waits a random time below an interval that doubles up to ten times the first", async () => {
    const waited = async (draw: number): Promise<number[]> => {
      using server = await answeringInTurn(answerOf(503));
      const waits: number[] = [];
      const policy = { ...retrying(6, ["503"]).retry, backOffMs: 40 };
      using proxy = new TestProxy(
        { a: server.port },
        {
          rule: forward(revision("a"), { retry: policy }),
          random: () => draw,
          startTimer(ms, then) {
            waits.push(ms);
            queueMicrotask(then);
            return () => {};
          },
        },
      );
      expect(statuses(await proxy.ask(GET))).toEqual(["503"]);
      expect(server.count).toBe(7);
      return waits;
    };
    expect(await waited(0)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await waited(0.5)).toEqual([20, 40, 80, 160, 200, 200]);
    expect(await waited(1 - 2 ** -53)).toEqual([39, 79, 159, 319, 399, 399]);
  });

  test("that waits is abandoned at the rule's timeout, and when the client closes the connection", async () => {
    using server = await answeringInTurn(answerOf(503));
    const policy = { ...retrying(1, ["503"]).retry, backOffMs: 60_000 };
    const rule = forward(revision("a"), { retry: policy, timeoutMs: 30 });
    using proxy = new TestProxy({ a: server.port }, { rule, random: () => 0.9 });
    expect(statuses(await proxy.ask(GET))).toEqual(["504"]);
    const patient = forward(revision("a"), { retry: policy });
    const given: string[] = [];
    using other = new TestProxy(
      { a: server.port },
      {
        rule: patient,
        random: () => 0.9,
        startTimer: () => {
          given.push("waits");
          return () => given.push("is given up");
        },
      },
    );
    using client = await other.connect();
    await client.send(request("GET /"));
    await until("the retry waits", () => given.length > 0);
    client[Symbol.dispose]();
    expect(await other.untilServed()).toMatchObject([{ brokenBy: "client", status: 0 }]);
    expect(given).toEqual(["waits", "is given up"]);
    expect(server.count).toBe(2);
  });

  test.each([
    [true, [[], ["a"], ["a"]]],
    [false, [[], [], []]],
  ])("avoids processes that failed the request if that is %p", async (avoidsTried, expected) => {
    using server = await answeringInTurn(answerOf(503));
    const asked: string[][] = [];
    const policy = { ...retrying(2, ["503"]).retry, avoidsTried };
    using proxy: TestProxy = new TestProxy(
      { a: server.port },
      {
        rule: forward(revision("a"), { retry: policy }),
        onReserve: (_, tried) => asked.push([...tried].map((one) => (one === proxy.client("a") ? "a" : "?"))),
      },
    );
    await proxy.ask(GET);
    expect(asked).toEqual(expected);
  });

  test("of an outer rule may use processes that inner tries used", async () => {
    using server = await answeringInTurn(answerOf(503));
    const asked: number[] = [];
    using proxy = new TestProxy(
      { a: server.port },
      {
        rule: forward(inner(), retrying(1, ["503"])),
        inner: forward(revision("a"), retrying(1, ["503"])),
        onReserve: (_, tried) => asked.push(tried.size),
      },
    );
    await proxy.ask(GET);
    expect(asked).toEqual([0, 1, 0, 1]);
  });
});

describe("a try", () => {
  test("that takes longer than perTryTimeout is abandoned and repeated", async () => {
    using server = await answeringInTurn(undefined, OK);
    using proxy = new TestProxy(
      { a: server.port },
      { rule: forward(revision("a"), retrying(1, ["5xx"], 30)) },
    );
    expect(statuses(await proxy.ask(GET))).toEqual(["200"]);
    await (await server.accept()).untilEnded();
  });

  test.each([
    ["5xx", 2],
    ["gateway-error", 2],
    ["reset", 2],
    ["504", 1],
    ["connect-failure", 1],
  ])("that is late counts as a reset: on %s there are %d", async (condition, expected) => {
    const got = await tries(forward(revision("a"), retrying(1, [condition], 20)), [undefined]);
    expect(got).toEqual({ status: "504", tries: expected });
  });

  test("counts its time from the end of the request", async () => {
    using server = await RawServer.listen();
    using proxy = new TestProxy({ a: server.port }, { rule: forward(revision("a"), retrying(0, [], 40)) });
    using client = await proxy.connect();
    await client.send(request("POST /", "content-length: 8", "connection: close"));
    const upstream = await server.accept();
    for (const letter of "abcdefgh") {
      await Bun.sleep(10);
      await client.send(letter);
    }
    await upstream.until("abcdefgh");
    expect(client.text).toBe("");
    expect(statuses((await client.untilEnded()).text)).toEqual(["504"]);
  });

  test("has no limit after the response has begun", async () => {
    using server = await RawServer.listen();
    using proxy = new TestProxy(
      { a: server.port },
      { rule: forward(revision("a"), retrying(1, ["5xx"], 20)) },
    );
    const answer = proxy.ask(GET);
    const upstream = await server.accept();
    await upstream.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no");
    await Bun.sleep(40);
    await upstream.send("k");
    expect(await answer).toEndWith("ok");
  });

  test("shares the rule's timeout with the others", async () => {
    const rule = forward(revision("a"), { ...retrying(100, ["5xx"], 20), timeoutMs: 70 });
    const got = await tries(rule, [undefined]);
    expect(got.status).toBe("504");
    expect(got.tries).toBeGreaterThan(1);
    expect(got.tries).toBeLessThan(6);
  });
});
