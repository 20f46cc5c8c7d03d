import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sampleToRun } from "../../../test/sample.ts";
import type { Hop } from "../../traffic/resolve.ts";
import { type Configuration, loadConfiguration } from "../configuration.ts";
import type { Served } from "../relay/relay-options.ts";
import { Observer } from "./observer.ts";
import { countRequest, startSplitCounts } from "./split-counts.ts";

const BASIC = "kyc/credit-check-basic";
const ADVANCED = "kyc/credit-check-advanced";

let sample: Awaited<ReturnType<typeof sampleToRun>>;

beforeAll(async () => {
  sample = await sampleToRun();
});

afterAll(() => sample[Symbol.asyncDispose]());

async function observing(): Promise<{ observer: Observer; loaded: Configuration; pass(ms: number): void }> {
  let now = 1_000_000_000;
  const observer = new Observer(() => now);
  const loaded = await loadConfiguration(sample.root);
  observer.applied(loaded);
  return { observer, loaded, pass: (ms) => (now += ms) };
}

function served(more: Partial<Served> = {}): Served {
  return {
    listener: "mesh",
    method: "GET",
    target: "/",
    revision: BASIC,
    status: 200,
    ms: 10,
    complete: true,
    brokenBy: undefined,
    cold: false,
    requestId: "id",
    header: () => undefined,
    hops: [],
    ...more,
  };
}

/** Returns a hop by the rule that splits the credit check. */
function splitHop({ plan }: Configuration): Hop {
  const [rule] = plan.table.listeners.mesh.exact.get("credit-check.kyc.svc.cluster.local") ?? [];
  if (rule === undefined) throw new Error("no rule for the credit check");
  return { rule, destination: undefined, response: [], before: undefined, delayMs: 0, mirrored: [] };
}

describe("an observer", () => {
  test("counts the different buckets of a split by a header, and each request", async () => {
    const { loaded } = await observing();
    const [split] = startSplitCounts(loaded, undefined, 0).all;
    if (split === undefined) throw new Error("no split");
    const byHeader = { ...split, split: { ...split.split, header: "x-kyc-bucket" } };
    for (const bucket of ["0001", "0001", "0002", "none", undefined])
      countRequest(byHeader, BASIC, () => bucket);
    expect(byHeader.counts.get(BASIC)).toBe(5);
    expect(byHeader.buckets.get(BASIC)?.size).toBe(2);
    countRequest(split, ADVANCED, () => "0003");
    expect([split.counts.get(ADVANCED), split.buckets.get(ADVANCED)]).toEqual([1, undefined]);
  });

  test("counts 5xx and aborted responses as errors of the revision, but not disconnects of the client", async () => {
    const { observer } = await observing();
    for (const more of [
      { status: 200 },
      { status: 404 },
      { status: 500 },
      { status: 200, complete: false, brokenBy: "revision" as const },
      { status: 0, complete: false, brokenBy: "client" as const },
      { status: 500, complete: false, brokenBy: "client" as const },
    ]) {
      observer.served(served(more));
    }
    expect(observer.revision(BASIC)).toMatchObject({ requests: 6, errors: 2 });
    expect(observer.revision(ADVANCED)).toMatchObject({ requests: 0, errors: 0 });
  });

  test("does not measure the latency of a request that waited for a start", async () => {
    const { observer } = await observing();
    observer.served(served({ ms: 900, cold: true }));
    expect(observer.revision(BASIC)?.p99Ms).toBeUndefined();
    observer.served(served({ ms: 10 }));
    expect(Math.round(observer.revision(BASIC)?.p99Ms ?? 0)).toBe(10);
  });

  test("counts requests without a revision separately, and the others by listener", async () => {
    const { observer } = await observing();
    observer.served(served({ revision: undefined, status: 404 }));
    observer.served(served({ listener: "ingress" }));
    observer.served(served({ revision: ADVANCED }));
    observer.served(served());
    expect(observer.unrouted()).toMatchObject({ requests: 1, errors: 0 });
    expect(
      observer.inflows().map(({ listener, service, requests }) => [listener, service, requests]),
    ).toEqual([
      ["ingress", "kyc/credit-check", 1],
      ["mesh", "kyc/credit-check", 2],
    ]);
  });

  test("counts for a split as long as its shares stay, and again when they change", async () => {
    const { observer, loaded, pass } = await observing();
    const [hop] = [splitHop(loaded)];
    observer.served(served({ hops: [hop] }));
    observer.served(served({ hops: [hop], revision: ADVANCED }));
    observer.served(served());
    const split = () => observer.splits.find(({ service }) => service.name === "credit-check");
    expect(split()?.counts).toEqual(new Map([BASIC, ADVANCED].map((name) => [name, 1])));
    const since = split()?.since ?? 0;
    pass(5_000);
    observer.applied(await loadConfiguration(sample.root));
    expect(observer.generation).toBe(2);
    expect([split()?.since, split()?.counts.size]).toEqual([since, 2]);
    const changed = await loadConfiguration(sample.root);
    for (const service of changed.plan.services) for (const to of service.traffic) to.percent += 1;
    observer.applied(changed);
    expect([split()?.since, split()?.counts.size]).toEqual([since + 5_000, 0]);
    expect(observer.revision(BASIC)?.requests).toBe(2);
  });

  test("forgets a deleted revision, and attributes its last requests to no service", async () => {
    const { observer, loaded } = await observing();
    observer.applied({ ...loaded, specs: loaded.specs.filter(({ key }) => key !== BASIC) });
    observer.served(served());
    expect(observer.revision(BASIC)).toBeUndefined();
    expect(observer.unrouted().requests).toBe(1);
  });
});
