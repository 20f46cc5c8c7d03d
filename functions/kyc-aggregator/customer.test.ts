import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Fetch } from "../shared/upstream/exchange.ts";
import { SENTENCES } from "./failure.ts";
import { aggregator, BASIC, failure } from "./testing/contract.ts";

const answering =
  (body: string): Fetch =>
  async () =>
    new Response(body);

describe("the nine keys", () => {
  test("come in the contract's order, from the check if it has them, and before all others", async () => {
    const body =
      '{"z":[1,{"b":null}],"creditUsageBad":true,"backgroundCheckPass":false,"blackListed":true,"a":"ä","type":"X_1"}';
    const response = await aggregator(answering(body)).ask("/kyc/v1/customer");
    expect(await response.text()).toBe(
      '{"type":"X_1","blackListed":true,"restrictedNational":false,"suspiciousActivity":false,"interpolConductBad":false,"militaryTrained":false,"employmentBad":false,"creditUsageBad":true,"backgroundCheckPass":false,"z":[1,{"b":null}],"a":"ä"}',
    );
  });

  test("are never moved or changed by unknown keys", async () => {
    const unknown = fc.dictionary(
      fc.stringMatching(/^[A-Za-z_$][\w$]{0,12}$/),
      fc.jsonValue({ maxDepth: 2 }),
      { maxKeys: 6 },
    );
    await fc.assert(
      fc.asyncProperty(unknown, async (more) => {
        const known = JSON.parse(BASIC);
        const sent = JSON.stringify({ ...more, ...known });
        const response = await aggregator(answering(sent)).ask("/kyc/v1/customer");
        const body = await response.text();
        expect(body).toStartWith(BASIC.slice(0, -1));
        expect(JSON.parse(body)).toEqual(JSON.parse(sent));
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ['{"blackListed":false,"backgroundCheckPass":true}'],
    ['{"type":"","blackListed":false,"backgroundCheckPass":true}'],
    ['{"type":"basic","blackListed":false,"backgroundCheckPass":true}'],
    ['{"type":"BASIC","backgroundCheckPass":true}'],
    ['{"type":"BASIC","blackListed":"no","backgroundCheckPass":true}'],
    ['{"type":"BASIC","blackListed":false}'],
    ['{"type":"BASIC","blackListed":false,"backgroundCheckPass":true,"employmentBad":1}'],
    ['{"type":"BASIC","blackListed":true,"blackListed":false,"backgroundCheckPass":true}'],
    [
      `{"type":"BASIC","blackListed":false,"backgroundCheckPass":true,"more":${"[".repeat(60)}${"]".repeat(60)}}`,
    ],
    ["[]"],
    ["true"],
  ])("are not invented from %s", async (body) => {
    const { ask, lines } = aggregator(answering(body));
    expect(await (await ask("/kyc/v1/customer")).text()).toBe(failure(SENTENCES.wrong_shape));
    expect(lines()).toMatchObject([
      { level: "error", status: 500, upstream: { outcome: "wrong_shape", status: 200 } },
    ]);
  });
});

describe("an answer of the credit check that looks like an object of the framework", () => {
  const names = [
    "ElysiaCustomStatusResponse",
    "ElysiaFile",
    "Error",
    "NotFoundError",
    "Response",
    "Promise",
    "Blob",
    "FormData",
    "Cookie",
    "Array",
    "String",
    "ReadableStream",
  ];
  const disguised = (name: string): string =>
    JSON.stringify({
      type: "BASIC",
      blackListed: false,
      backgroundCheckPass: true,
      constructor: { name },
      code: 201,
      status: 201,
      response: "x",
      value: "x",
      headers: { "x-injected": "1" },
      body: "x",
      error: "x",
      toResponse: "x",
      then: "x",
      toJSON: "x",
      set: { status: 201 },
    }).replace("}", '},"__proto__":{"status":201}');

  test.each(names)("chooses neither status nor type nor headers as %s", async (name) => {
    const { ask, lines, deps } = aggregator(answering(disguised(name)));
    const response = await ask("/kyc/v1/customer");
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect([...response.headers.keys()].sort()).toEqual(["cache-control", "content-type", "x-request-id"]);
    const body = await response.text();
    expect(body).toStartWith(BASIC.slice(0, -1));
    expect(JSON.parse(body)).toMatchObject({ constructor: { name }, code: 201, response: "x" });
    expect(lines()).toMatchObject([{ status: 200 }]);
    expect(await deps.metrics.text()).toContain('route="/kyc/v1/customer",status="200"');
  });

  test("is forwarded or refused, for any keys", async () => {
    const keys = fc.constantFrom(
      "constructor",
      "__proto__",
      "prototype",
      "code",
      "status",
      "response",
      "headers",
      "then",
      "toString",
      "valueOf",
      "hasOwnProperty",
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(keys, fc.jsonValue({ maxDepth: 3 })), async (more) => {
        const sent = JSON.stringify({ ...JSON.parse(BASIC), ...more });
        const { ask, lines } = aggregator(answering(sent));
        const response = await ask("/kyc/v1/customer");
        expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
        expect(await response.json()).toEqual(JSON.parse(sent));
        expect(lines()).toMatchObject([{ status: 200 }]);
      }),
      { numRuns: 100 },
    );
  });
});

test("no query, header or body is logged", async () => {
  const word = fc.stringMatching(/^[A-Za-z0-9]{8,20}$/).map((text) => `q${text}q`);
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 6, maxLength: 6 }), fc.boolean(), async (words, works) => {
      const [type = "", name = "", header = "", cookie = "", answer = "", key = ""] = words;
      const body = { ...JSON.parse(BASIC), [key]: answer };
      const fetch: Fetch = async () => new Response(JSON.stringify(body), { status: works ? 200 : 500 });
      const { ask, text } = aggregator(fetch);
      const headers = { "end-user": header, cookie, "x-forwarded-for": header, baggage: cookie };
      await ask(`/kyc/v1/customer?type=${type}&${name}=${name}`, { headers });
      await ask(`/kyc/v1/customer/${name}?${type}`, { headers });
      await ask(`/kyc/v1/customer?${name}`, { method: "POST", headers, body: answer });
      for (const secret of words) expect(text()).not.toContain(secret);
    }),
    { numRuns: 30 },
  );
});
