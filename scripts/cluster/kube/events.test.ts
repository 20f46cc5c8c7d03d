import { describe, expect, test } from "bun:test";
import { events } from "./events.ts";
import { FakeApiServer } from "./testing/fake-api-server.ts";
import { kubeOf } from "./testing/kubeconfig.ts";
import { rejection } from "./testing/rejection.ts";

const PATH = "/api/v1/namespaces/kyc/events";

describe("the events of a namespace", () => {
  test("are in the order of their last occurrence, in whichever field it is", async () => {
    using server = await FakeApiServer.start();
    const pod = { kind: "Pod", namespace: "kyc", name: "p" };
    const common = { involvedObject: pod, type: "Normal", message: "m" };
    const at = (seconds: number): string => `2026-01-01T00:00:0${seconds}Z`;
    const items = [
      {
        ...common,
        reason: "Series",
        lastTimestamp: null,
        eventTime: at(1),
        series: { count: 7, lastObservedTime: "2026-01-01T00:00:05.5Z" },
      },
      { ...common, reason: "Old", lastTimestamp: at(4), eventTime: null, count: 3 },
      { ...common, reason: "Once", lastTimestamp: null, eventTime: "2026-01-01T00:00:02.000001Z" },
      { ...common, reason: "Bare", lastTimestamp: null, eventTime: null },
    ].map((event, i) => ({
      ...event,
      metadata: { name: `e${i}`, namespace: "kyc", creationTimestamp: at(3) },
    }));
    server.on(`GET ${PATH}`, (answer) => answer.json({ metadata: {}, items }));
    const found = await events(kubeOf(server), { namespace: "kyc" });
    expect(found.map(({ reason, count, lastAt }) => [reason, count, lastAt])).toEqual([
      ["Once", 1, "2026-01-01T00:00:02.000001Z"],
      ["Bare", 1, at(3)],
      ["Old", 3, at(4)],
      ["Series", 7, "2026-01-01T00:00:05.5Z"],
    ]);
    expect(found[0]).toMatchObject({ about: { kind: "Pod", name: "p" }, type: "Normal", message: "m" });
  });

  test("can be those about one object", async () => {
    using server = await FakeApiServer.start();
    server.on(`GET ${PATH}`, (answer) => answer.json({ metadata: {}, items: [] }));
    expect(await events(kubeOf(server), { namespace: "kyc", about: { kind: "Pod", name: "p" } })).toEqual([]);
    expect(server.to(PATH)[0]?.query["fieldSelector"]).toBe("involvedObject.kind=Pod,involvedObject.name=p");
  });

  test("that are invalid are refused", async () => {
    using server = await FakeApiServer.start();
    const items = [{ metadata: { name: "e", namespace: "kyc" } }];
    server.on(`GET ${PATH}`, (answer) => answer.json({ metadata: {}, items }));
    expect((await rejection(events(kubeOf(server), { namespace: "kyc" }))).message).toBe(
      "Event kyc/e does not match the Kubernetes API",
    );
  });
});
