import { describe, expect, test } from "bun:test";
import type { ServedEvent } from "../../mesh/admin/event-schema.ts";
import type { Outcome } from "../source.ts";
import { CALLER_WAIT_MS, CallersView } from "./callers-view.ts";

const HOP: ServedEvent = {
  t: 1000,
  listener: "mesh",
  namespace: "test",
  service: "check",
  revision: "check-b",
  method: "GET",
  path: "/",
  requestId: "one",
  status: 200,
  ms: 2,
  cold: false,
  fault: false,
  broken: null,
  route: "a.yaml:1",
  split: "a.yaml:1",
};
const CALLER: ServedEvent = {
  ...HOP,
  t: 1001,
  listener: "ingress",
  service: "front",
  revision: "front-a",
  split: null,
};

const got = (event: Partial<ServedEvent>, caller?: Partial<ServedEvent>) => {
  const view = new CallersView("check");
  const outcomes = [
    ...view.add({ ...HOP, ...event }),
    ...(caller === undefined ? [] : view.add({ ...CALLER, ...caller })),
  ];
  return [...outcomes, ...view.due(HOP.t + CALLER_WAIT_MS)].map(({ revision, ok, kind }) => ({
    revision,
    ok,
    kind,
  }));
};

describe("the caller of a split", () => {
  test.each<[string, Partial<ServedEvent>, Partial<ServedEvent> | undefined, boolean, Outcome["kind"]]>([
    ["got an answer, and so did its own caller", {}, {}, true, undefined],
    ["got an answer that it could not use", {}, { status: 500 }, false, undefined],
    ["got an answer and was stopped by a fault of its own", {}, { broken: "revision" }, false, undefined],
    ["got an answer, and its own caller had gone", {}, { broken: "client", status: 0 }, true, undefined],
    ["got an answer to a request of its own", {}, undefined, true, undefined],
    ["got a failure", { status: 503 }, undefined, false, undefined],
    ["got none", { status: 0, broken: "revision" }, undefined, false, undefined],
    ["was rejected", { status: 401 }, undefined, true, "rejected"],
    ["gave up", { status: 0, broken: "client" }, undefined, false, "abandoned"],
  ])("%s", (_what, event, caller, ok, kind) => {
    expect(got(event, caller)).toEqual([{ revision: "check-b", ok, kind }]);
  });

  test.each([
    ["/v1/report", "GET /v1/report"],
    ["/v1/customers/4711/cards", "GET /v1/customers/*/cards"],
    ["/x/3f2a0c9e-8d1b-4c59-9a41-1f6e7a3b2c10", "GET /x/*"],
    [`/files/${"a".repeat(40)}`, "GET /files/*"],
  ])("asked for %s by the route %s", (path, route) => {
    const [outcome] = new CallersView("check").add({ ...HOP, path, status: 500, unit: "0421" });
    expect(outcome).toMatchObject({ route, unit: "0421" });
  });

  test("is found by the request id", () => {
    expect(got({ split: null })).toEqual([]);
  });

  test("gets each outcome once, within the time limit", () => {
    const view = new CallersView("check");
    expect(view.add(HOP)).toEqual([]);
    expect(view.add({ ...HOP, t: 1500, requestId: "two" })).toEqual([]);
    expect(view.due(1999)).toEqual([]);
    expect(view.due(2000)).toHaveLength(1);
    expect(view.add({ ...CALLER, requestId: "two" })).toHaveLength(1);
    expect(view.add({ ...CALLER, requestId: "two" })).toEqual([]);
    expect(view.due(Number.POSITIVE_INFINITY)).toEqual([]);
  });
});
