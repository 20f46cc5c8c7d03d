import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { fakeService, request } from "../shared/testing/fakes.ts";
import { createTracer, type FinishedSpan } from "../shared/tracing/tracer.ts";
import { createApp, COUNTS_PATH, type ShadowDeps } from "./app.ts";
import { ShadowCounts } from "./model.ts";

const CONTROL = "http://one.test";
const CANDIDATE = "http://two.test";
const PLANTED = "Zebulon Quixote-Ünlikely";

type Answering = (origin: string, init: RequestInit | undefined) => Response | Promise<Response>;

function shadow(answering: Answering, more: Partial<ShadowDeps> = {}) {
  const fake = fakeService({ service: "kyc-shadow" });
  const asked: { url: string; init: RequestInit | undefined }[] = [];
  const app = createApp({
    ...fake.deps,
    control: CONTROL,
    candidate: CANDIDATE,
    rules: { passWhenTrue: new Set(["checkPass"]), ignored: new Map([["type", "names the version"]]) },
    segments: [{ name: "nationality", as: "value" }],
    repeatShare: 0,
    idField: "applicantId",
    key: "a key of sixteen letters",
    mostMismatches: 3,
    concurrency: 4,
    rate: 1000,
    timeoutMs: 200,
    now: () => Date.UTC(2026, 10, 28),
    random: () => 0.5,
    async fetch(input, init) {
      const url = String(input);
      asked.push({ url, init });
      return answering(new URL(url).origin, init);
    },
    ...more,
  });
  const ask = (path: string, init?: RequestInit) => app.handle(request(path, init));
  const mirror = (body: object) =>
    ask("/check/report?x=1", {
      method: "POST",
      headers: { "content-type": "application/json", "end-user": "basic", authorization: "secret" },
      body: JSON.stringify(body),
    });
  return {
    ...fake,
    asked,
    ask,
    mirror,
    /** The counts when no comparison is running. */
    async counts(): Promise<ShadowCounts> {
      for (;;) {
        const body: unknown = await (await ask(COUNTS_PATH)).json();
        if (!Value.Check(ShadowCounts, body)) throw new Error("no counts");
        if (body.running === 0) return body;
        await Bun.sleep(1);
      }
    },
  };
}

const byOrigin =
  (control: object, candidate: object): Answering =>
  (origin) =>
    Response.json(origin === CONTROL ? control : candidate, { headers: { "x-kyc-revision": "echo-one" } });

describe("a mirrored request", () => {
  test("is answered before the versions answer", async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const { mirror, counts, deps } = shadow(() => promise);
    const answer = await mirror({ applicantId: "A-1" });
    expect([answer.status, await answer.json()]).toEqual([200, { taken: true }]);
    expect(deps.activity.calls).toBe(1);
    resolve(new Response("{}"));
    await counts();
    expect(deps.activity.calls).toBe(0);
  });

  test("is sent to both versions unchanged, except for pin and credentials", async () => {
    const { mirror, counts, asked } = shadow(byOrigin({ checkPass: true }, { checkPass: true }));
    await mirror({ applicantId: "A-1", nationality: "SE" });
    await counts();
    expect(asked.map(({ url }) => url)).toEqual([
      `${CONTROL}/check/report?x=1`,
      `${CANDIDATE}/check/report?x=1`,
    ]);
    for (const { init } of asked) {
      expect(init?.method).toBe("POST");
      expect(init?.body).toBe('{"applicantId":"A-1","nationality":"SE"}');
      const headers = new Headers(init?.headers);
      expect(headers.get("end-user") ?? headers.get("authorization")).toBeNull();
    }
  });

  test.each([
    ["sampled", "01", 3],
    ["not sampled", "00", 0],
  ])("of a trace that is %s asks both versions as its children", async (_, flags, finishedSpans) => {
    const finished: FinishedSpan[] = [];
    const tracer = createTracer({
      sampler: (_trace, parent) => parent?.sampled === true,
      export: (span) => finished.push(span),
      now: () => 0,
    });
    const { ask, counts, asked } = shadow(byOrigin({ checkPass: true }, { checkPass: true }), { tracer });
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const traceparent = `00-${trace}-b7ad6b7169203331-${flags}`;
    await ask(`/check?name=${encodeURIComponent(PLANTED)}`, {
      headers: { traceparent, tracestate: "vendor=1" },
    });
    await counts();
    const sent = asked.map(({ init }) => new Headers(init?.headers));
    const parents = sent.map((headers) => headers.get("traceparent") ?? "");
    expect(new Set([traceparent, ...parents]).size).toBe(3);
    for (const parent of parents) expect(parent).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-${flags}$`));
    expect(sent.map((headers) => headers.get("tracestate"))).toEqual(["vendor=1", "vendor=1"]);
    const own = finished.filter(({ traceId }) => traceId === trace);
    expect(own).toHaveLength(finishedSpans);
    if (own.length > 0) expect(own.map(({ name }) => name)).toContain("GET candidate");
    expect(JSON.stringify(own)).not.toContain("Zebulon");
  });

  test("with different answers is sent to the control again, and counted by direction and segment", async () => {
    const { mirror, counts, asked } = shadow(
      byOrigin({ type: "A", checkPass: true }, { type: "B", checkPass: false, listed: true }),
    );
    for (let i = 0; i < 25; i++) {
      await mirror({ applicantId: `A-${i}`, nationality: "SE" });
      await counts();
    }
    const found = await counts();
    expect(asked.length).toBe(75);
    expect(found.fields["checkPass"]).toMatchObject({
      pairs: 25,
      table: { passPass: 0, passFail: 25, failPass: 0, failFail: 0 },
      alone: { fail: { candidate: 25, control: 0 } },
    });
    expect(found.fields["listed"]?.only.candidate).toEqual({ pairs: 25, found: 25 });
    expect(found.fields["type"]).toBeUndefined();
    expect(found.ignored).toEqual([{ name: "type", reason: "names the version" }]);
    expect(found.segments).toMatchObject([
      { field: "nationality", value: "SE", fields: { checkPass: { pairs: 25 } } },
    ]);
    expect(found.mismatches.map(({ changes }) => changes)).toEqual(Array(3).fill(["checkPass.fail"]));
    expect(found.mismatches.map(({ hash }) => hash)).toEqual(
      [22, 23, 24].map((i) =>
        new Bun.CryptoHasher("sha256", "a key of sixteen letters")
          .update(`A-${i}`)
          .digest("hex")
          .slice(0, 16),
      ),
    );
  });

  test("that differs by the control's own noise is not a mismatch of the candidate", async () => {
    let asked = 0;
    const { mirror, counts } = shadow((origin) =>
      Response.json({ checkPass: origin === CONTROL ? asked++ === 0 : false }),
    );
    await mirror({ applicantId: "A-1" });
    const { fields, mismatches } = await counts();
    expect(fields["checkPass"]?.alone).toMatchObject({
      fail: { candidate: 0, control: 0 },
      pass: { candidate: 0, control: 1 },
    });
    expect(mismatches).toEqual([]);
  });

  test.each([
    ["an error", () => new Response("no", { status: 500 })],
    ["no JSON", () => new Response("<html>")],
    ["nothing in time", () => new Promise<Response>(() => {})],
    ["no connection", () => Promise.reject(new Error("refused"))],
  ])("to which the candidate answers with %s counts only as a failed answer", async (_, answering) => {
    const { mirror, counts } = shadow((origin, init) =>
      origin === CONTROL
        ? Response.json({ checkPass: true })
        : Promise.race([
            answering(),
            new Promise<Response>((_resolve, reject) =>
              init?.signal?.addEventListener("abort", () => reject(new Error("aborted"))),
            ),
          ]),
    );
    expect((await mirror({ applicantId: "A-1" })).status).toBe(200);
    const { fields, pairs } = await counts();
    expect(pairs).toBe(1);
    expect(Object.keys(fields)).toEqual(["answered"]);
    expect(fields["answered"]?.alone.fail).toEqual({ candidate: 1, control: 0 });
  });
});

describe("an excess request", () => {
  test("is dropped and counted: too many at a time", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { mirror, counts, asked } = shadow(async () => {
      await promise;
      return Response.json({ checkPass: true });
    });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => mirror({ applicantId: `A-${i}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(asked.length).toBe(8);
    resolve();
    expect(await counts()).toMatchObject({ received: 10, pairs: 4, dropped: { busy: 6, rate: 0 } });
  });

  test("is dropped and counted: too many within a second", async () => {
    const { mirror, counts, pass } = shadow(byOrigin({}, {}), { rate: 2 });
    for (let i = 0; i < 5; i++) {
      await mirror({});
      await counts();
    }
    expect((await counts()).dropped["rate"]).toBe(3);
    pass(500);
    await mirror({});
    expect((await counts()).pairs).toBe(3);
  });

  test("is dropped and counted: during shutdown, its own requests, and a body over the limit", async () => {
    const { mirror, ask, counts, deps } = shadow(byOrigin({}, {}));
    await ask("/check", { headers: { "x-kyc-shadow": "control" } });
    await ask("/check", {
      method: "POST",
      body: new ReadableStream({ start: (c) => (c.enqueue(new Uint8Array(70_000)), c.close()) }),
    });
    deps.activity.draining = true;
    await mirror({});
    expect(await counts()).toMatchObject({ pairs: 0, dropped: { own: 1, unreadable: 1, draining: 1 } });
  });
});

test("only counts, hashes and field names of a request or an answer are kept", async () => {
  const { mirror, counts, ask, text } = shadow(
    byOrigin(
      { checkPass: true, note: PLANTED },
      { checkPass: false, note: `${PLANTED} again`, [PLANTED]: true },
    ),
  );
  for (let i = 0; i < 30; i++) {
    await mirror({ applicantId: PLANTED, name: PLANTED, nationality: PLANTED, [PLANTED]: PLANTED });
    await counts();
  }
  const everything = [
    JSON.stringify(await counts()),
    await (await ask("/metrics")).text(),
    text(),
    await (await ask("/swagger/json")).text(),
  ].join("\n");
  expect(everything).toContain("kyc_shadow_pairs_total 30");
  expect(everything).toContain('kyc_shadow_alone_total{field="checkPass",change="fail",side="candidate"} 30');
  for (const part of PLANTED.split(" ")) expect(everything).not.toContain(part);
});

test("a segment of fewer than 20 pairs is not shown", async () => {
  const { mirror, counts } = shadow(byOrigin({ checkPass: true }, { checkPass: true }));
  for (let i = 0; i < 19; i++) {
    await mirror({ nationality: "SE" });
    await counts();
  }
  expect((await counts()).segments).toEqual([]);
  await mirror({ nationality: "SE" });
  expect((await counts()).segments.map(({ value }) => value)).toEqual(["SE"]);
});
