import { describe, expect, test } from "bun:test";
import { lastOf } from "../journal/journal.ts";
import { Simulation } from "../testing/simulation.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { parseAddress } from "../../text/notify-address.ts";
import { type CloudEvent, eventOf, Notifier } from "./notifier.ts";

const URLS = ["https://one.example/hook/secret", "https://two.example/"];

async function sample(): Promise<CloudEvent[]> {
  const simulation = new Simulation({ percents: [100] });
  await simulation.run();
  const saved = await simulation.journal.load();
  if (saved === undefined) throw new Error("nothing was written down");
  expect(lastOf(saved).phase).toBe("promoted");
  return saved.entries.map((entry) => eventOf(saved.plan, entry));
}

describe("a notifier", () => {
  test("sends each transition as a CloudEvent, in order, to each address", async () => {
    const got: { url: string; body: CloudEvent; type: string | null }[] = [];
    const notifier = new Notifier({
      addresses: URLS,
      clock: new VirtualClock(),
      async fetch(url, { body, headers }) {
        const event: CloudEvent = JSON.parse(String(body));
        got.push({ url, body: event, type: new Headers(headers).get("content-type") });
        return new Response(null, { status: 202 });
      },
    });
    const events = await sample();
    for (const event of events) notifier.send(event);
    await notifier.end(5_000);
    for (const url of URLS)
      expect(got.filter((each) => each.url === url).map(({ body }) => body)).toEqual(events);
    expect(got[0]?.type).toBe("application/cloudevents+json; charset=utf-8");
    expect(events.at(-1)).toMatchObject({
      specversion: "1.0",
      type: "dev.kyc.rollout.promoted",
      data: { percent: 100, service: "credit-check" },
    });
    expect(notifier.deliveries.every(({ failure, attempts }) => failure === null && attempts === 1)).toBe(
      true,
    );
    expect(JSON.stringify(notifier.deliveries)).not.toContain("secret");
  });

  test("notifies chats, in their own format, of what people should know", async () => {
    const got: { url: string; body: unknown; type: string | null }[] = [];
    const notifier = new Notifier({
      addresses: ["slack:https://hooks.slack.example/T0", "teams:https://teams.example/hook"],
      clock: new VirtualClock(),
      async fetch(url, { body, headers }) {
        got.push({ url, body: JSON.parse(String(body)), type: new Headers(headers).get("content-type") });
        return new Response("ok");
      },
    });
    const [event] = await sample();
    if (event === undefined) throw new Error("there is an event");
    notifier.send(event);
    notifier.send(event, "a <b> & c");
    await notifier.end(5_000);
    expect(got).toEqual([
      {
        url: "https://hooks.slack.example/T0",
        body: { text: "a &lt;b&gt; &amp; c" },
        type: "application/json; charset=utf-8",
      },
      {
        url: "https://teams.example/hook",
        body: expect.objectContaining({
          type: "message",
          attachments: [
            expect.objectContaining({
              content: expect.objectContaining({
                body: [{ type: "TextBlock", text: "a <b> & c", wrap: true }],
              }),
            }),
          ],
        }),
        type: "application/json; charset=utf-8",
      },
    ]);
    expect(parseAddress("slack:ftp://x")).toBeUndefined();
    expect(parseAddress("mailto:ann@example.com")).toBeUndefined();
  });

  test("retries failed deliveries, and gives up rejected ones", async () => {
    let tries = 0;
    const [event] = await sample();
    if (event === undefined) throw new Error("there is an event");
    const answers = async (statuses: number[]) => {
      tries = 0;
      const notifier = new Notifier({
        addresses: ["https://one.example/"],
        clock: new VirtualClock(),
        fetch: async () =>
          new Response(null, { status: statuses[Math.min(tries++, statuses.length - 1)] ?? 500 }),
      });
      notifier.send(event);
      await notifier.end(60_000);
      return notifier.deliveries[0];
    };
    expect(await answers([503, 429, 200])).toMatchObject({ attempts: 3, failure: null });
    expect(await answers([500])).toMatchObject({ attempts: 6, failure: "it answered 500" });
    expect(await answers([404])).toMatchObject({ attempts: 1, failure: "it answered 404" });
  });

  test("delays a finished rollout for a limited time only", async () => {
    const clock = new VirtualClock();
    const notifier = new Notifier({
      addresses: ["https://one.example/"],
      clock,
      fetch: (_, { signal }) =>
        new Promise((_resolve, reject) =>
          signal?.addEventListener("abort", () => reject(new Error("aborted"))),
        ),
    });
    for (const event of await sample()) notifier.send(event);
    const begun = clock.now();
    await notifier.end(3_000);
    expect(clock.now() - begun).toBe(3_000);
    expect(notifier.deliveries.every(({ failure }) => failure !== null)).toBe(true);
  });
});
