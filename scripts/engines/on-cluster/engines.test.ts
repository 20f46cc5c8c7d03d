import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parse } from "yaml";
import { SAMPLE } from "../../../test/sample.ts";
import { CannotWrite, SplitChanged, type SplitTarget } from "../../traffic/split/split.ts";
import type { RecordedEngine } from "../engine.ts";
import { lastToUndo } from "../../traffic/split/history.ts";
import { Kube } from "../../cluster/kube/client.ts";
import type { ApiRequest } from "../../cluster/kube/connection.ts";
import { UserError } from "../../cluster/user-error.ts";
import { istioEngine } from "../istio/istio-engine.ts";
import { knativeEngine } from "../knative/knative-engine.ts";
import { conflictOf, FakeSplit, NAMESPACE, SERVICE, SPLIT } from "../testing/fake-split.ts";

async function overlay(name: string): Promise<object> {
  return (
    parse(await Bun.file(join(SAMPLE, `istio/split/${name}/virtual-service.yaml`)).text()) as { spec: object }
  ).spec;
}

/** A client of the fake cluster; `before` is called before each write, with its path. */
function kubeOf(fake: FakeSplit, before: (path: string) => void = () => {}): Kube {
  const { cluster } = fake;
  return new Kube({
    context: "fake",
    server: "https://fake",
    namespace: undefined,
    open: (path, request) => cluster.open(path, request),
    async send(path: string, request: ApiRequest = {}) {
      if (request.method === "PUT" || request.method === "PATCH") {
        before(path);
        const ref = [SERVICE, SPLIT].find(
          ({ name }) => path.includes(`/${name}?`) || path.endsWith(`/${name}`),
        );
        const refused = ref && conflictOf(cluster, ref, JSON.parse(request.body ?? "{}"));
        if (refused) return refused;
      }
      const response = await cluster.send(path, request);
      return response;
    },
  });
}

const options = (kube: Kube) => ({ kube, namespace: NAMESPACE, service: "credit-check", now: () => 5 });

function percents(targets: readonly SplitTarget[]): string {
  return targets.map(({ tag, percent }) => `${tag} ${percent}`).join(", ");
}

function to(targets: readonly SplitTarget[], ...shares: number[]): SplitTarget[] {
  return targets.map((target, i) => ({ ...target, percent: shares[i] ?? 0 }));
}

const CARRIERS: [
  string,
  () => Promise<FakeSplit>,
  (kube: Kube) => Promise<RecordedEngine>,
  typeof SERVICE | typeof SPLIT,
][] = [
  ["Knative", async () => new FakeSplit(), async (kube) => knativeEngine(options(kube)), SERVICE],
  [
    "Istio",
    async () => new FakeSplit(await overlay("by-istio")),
    (kube) => istioEngine(options(kube)),
    SPLIT,
  ],
  [
    "Istio by tags",
    async () => new FakeSplit(await overlay("by-istio-tags")),
    (kube) => istioEngine(options(kube)),
    SPLIT,
  ],
];

describe.each(CARRIERS)("the split by %s", (_, fakeOf, engineOf, ref) => {
  /** Any change of the object by another field manager. */
  const meddle = (fake: FakeSplit): void => {
    const [field, list] = ref === SERVICE ? ["traffic", []] : ["http", []];
    const object = fake.cluster.get(ref)?.spec as Record<string, unknown>;
    fake.change(ref, { [field]: object[field] ?? list });
  };

  test("is read and written, and each change is recorded", async () => {
    const fake = await fakeOf();
    const engine = await engineOf(kubeOf(fake));
    const { targets, version } = await engine.read();
    expect(percents(targets)).toBe("basic 50, advanced 50");
    const written = await engine.write(to(targets, 100, 0), version, "me");
    expect(percents(written.targets)).toBe("basic 100, advanced 0");
    expect(written.changed).toEqual({ by: "me", atMs: 5 });
    expect(percents((await engine.read()).targets)).toBe("basic 100, advanced 0");
    expect(await engine.changes()).toEqual([
      { atMs: 5, by: "me", before: targets, after: written.targets, undo: false },
    ]);
    const back = lastToUndo(await engine.changes());
    await engine.write(back?.before ?? [], (await engine.read()).version, "me", true);
    expect(percents((await engine.read()).targets)).toBe("basic 50, advanced 50");
    expect(lastToUndo(await engine.changes())).toBeUndefined();
  });

  test("does not overwrite a foreign change since it was read, even to the same split", async () => {
    const fake = await fakeOf();
    const engine = await engineOf(kubeOf(fake));
    const { targets, version } = await engine.read();
    meddle(fake);
    const before = JSON.stringify(fake.cluster.get(ref));
    const refused = await engine.write(to(targets, 100, 0), version, "me").catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SplitChanged);
    expect(String(refused)).toContain("kubectl-edit changed");
    expect(JSON.stringify(fake.cluster.get(ref))).toBe(before);
    expect(await engine.changes()).toEqual([]);
  });

  test("does not overwrite a concurrent foreign change", async () => {
    const fake = await fakeOf();
    let isFirst = true;
    const engine = await engineOf(
      kubeOf(fake, () => {
        if (isFirst) meddle(fake);
        isFirst = false;
      }),
    );
    const { targets, version } = await engine.read();
    expect(engine.write(to(targets, 100, 0), version, "me")).rejects.toThrow(SplitChanged);
  });

  test("is written when only a status changed at that moment", async () => {
    const fake = await fakeOf();
    let left = 3;
    const engine = await engineOf(kubeOf(fake, () => left-- > 0 && fake.touch(ref)));
    const { targets, version } = await engine.read();
    await engine.write(to(targets, 100, 0), version, "me");
    expect(percents((await engine.read()).targets)).toBe("basic 100, advanced 0");
  });

  test("names the author of the last change", async () => {
    const fake = await fakeOf();
    const engine = await engineOf(kubeOf(fake));
    expect((await engine.read()).changed).toBeUndefined();
    meddle(fake);
    expect((await engine.read()).changed).toEqual({
      by: "kubectl-edit",
      atMs: Date.parse("2026-01-02T03:04:05Z"),
    });
  });

  test("knows the revisions, the oldest first, and why one is not ready", async () => {
    const fake = await fakeOf();
    const advanced = fake.cluster.get({ ...SERVICE, kind: "Revision", name: "credit-check-advanced" });
    const conditions = [
      { type: "Ready", status: "False", reason: "Unschedulable", message: "no node is large enough" },
    ];
    if (advanced) fake.cluster.put({ ...advanced, status: { conditions } });
    const engine = await engineOf(kubeOf(fake));
    expect(await engine.revisions()).toEqual([
      { name: "credit-check-basic", ready: true, reason: undefined },
      { name: "credit-check-advanced", ready: false, reason: "no node is large enough" },
    ]);
  });
});

describe("the split by Knative", () => {
  test("is written as kn writes it, and nothing else of the object changes", async () => {
    const fake = new FakeSplit();
    const before = fake.cluster.get(SERVICE);
    const engine = knativeEngine(options(kubeOf(fake)));
    const { targets, version } = await engine.read();
    const latest = { revision: "credit-check-advanced", tag: undefined, percent: 20, latest: true };
    await engine.write([...to(targets, 80, 0), latest], version, "me");
    expect(fake.cluster.get(SERVICE)?.spec).toEqual({
      ...(before?.spec as object),
      traffic: [
        { tag: "basic", revisionName: "credit-check-basic", latestRevision: false, percent: 80 },
        { tag: "advanced", revisionName: "credit-check-advanced", latestRevision: false, percent: 0 },
        { latestRevision: true, percent: 20 },
      ],
    });
    expect(fake.cluster.get(SERVICE)?.metadata.annotations).toBe(before?.metadata.annotations);
  });

  test("refuses buckets, and names the engine that has them", async () => {
    const engine = knativeEngine(options(kubeOf(new FakeSplit())));
    const { targets, version } = await engine.read();
    const written = engine.write(targets, version, "me", false, { header: "x-kyc-bucket" });
    expect(written).rejects.toThrow("./kyc deploy --istio istio/split/by-istio moves the split to Istio");
  });

  test("refuses a preview by a header, and suggests the alternative", async () => {
    const engine = knativeEngine(options(kubeOf(new FakeSplit())));
    expect(await engine.previewRefusal?.()).toContain("--preview tag judges what callers of");
    const { targets, version } = await engine.read();
    const preview = { header: "x-preview", value: "new" };
    const wanted = targets.map((target) => ({ ...target, preview }));
    expect(engine.write(wanted, version, "me")).rejects.toThrow("./kyc deploy --istio istio/split/by-istio");
  });

  test("refuses fractions", async () => {
    const engine = knativeEngine(options(kubeOf(new FakeSplit())));
    const { targets, version } = await engine.read();
    expect(engine.write(to(targets, 99.5, 0.5), version, "me")).rejects.toThrow(CannotWrite);
  });
});

describe("the split by Istio", () => {
  test("accepts fractions, and adds a destination for a tag without one", async () => {
    const fake = new FakeSplit(await overlay("by-istio"));
    const { traffic } = fake.cluster.get(SERVICE)?.spec as { traffic: object[] };
    fake.change(SERVICE, {
      traffic: [...traffic, { tag: "v3", revisionName: "credit-check-v3", percent: 0 }],
    });
    const engine = await istioEngine(options(kubeOf(fake)));
    const { targets, version } = await engine.read();
    expect(percents(targets)).toBe("basic 50, advanced 50, v3 0");
    const written = await engine.write(to(targets, 99.5, 0, 0.5), version, "me");
    expect(percents(written.targets)).toBe("basic 99.5, advanced 0, v3 0.5");
    const { http } = fake.cluster.get(SPLIT)?.spec as {
      http: { route: { weight: number; destination: object }[] }[];
    };
    expect(http[2]?.route.map(({ weight }) => weight)).toEqual([995, 0, 5]);
    expect(http[2]?.route[2]?.destination).toEqual({
      host: "credit-check-v3.kyc.svc.cluster.local",
      port: { number: 80 },
    });
  });

  test.each(["by-istio", "by-istio-tags"])("changes to buckets and back to weights: %s", async (name) => {
    const spec = await overlay(name);
    const fake = new FakeSplit(spec);
    const engine = await istioEngine(options(kubeOf(fake)));
    const first = await engine.read();
    const form = { header: "x-kyc-bucket" };
    const kept = await engine.write(to(first.targets, 95, 5), first.version, "me", false, form);
    expect(kept.header).toBe("x-kyc-bucket");
    expect(percents(kept.targets)).toBe("basic 95, advanced 5");
    const step = await engine.write(to(kept.targets, 75, 25), kept.version, "me");
    const { http } = fake.cluster.get(SPLIT)?.spec as { http: { name: string; match?: unknown[] }[] };
    expect(http.map(({ name, match }) => [name, match?.length])).toEqual([
      ["basic", 2],
      ["advanced", 2],
      ["split-basic", 1],
      ["split-advanced", 1],
      ["split", undefined],
    ]);
    expect(http[3]?.match).toEqual([
      { headers: { "x-kyc-bucket": { regex: "[0-1][0-9]{3}|2[0-4][0-9]{2}" } } },
    ]);
    await engine.write(first.targets, step.version, "me", true, { header: undefined });
    expect(fake.cluster.get(SPLIT)?.spec).toEqual(spec);
    expect((await engine.read()).header).toBeUndefined();
  });

  test.each(["by-istio", "by-istio-tags"])(
    "leads a preview to its revision, and takes it back: %s",
    async (name) => {
      const fake = new FakeSplit(await overlay(name));
      const engine = await istioEngine(options(kubeOf(fake)));
      const first = await engine.read();
      const start = await engine.write(to(first.targets, 100, 0), first.version, "me");
      const spec = fake.cluster.get(SPLIT)?.spec as { http: object[] };
      const preview = { header: "x-preview", value: "new" };
      const wanted = start.targets.map((target, i) => (i === 1 ? { ...target, preview } : target));
      const led = await engine.write(wanted, start.version, "me");
      expect(led.targets).toEqual(wanted);
      expect((await engine.read()).targets).toEqual(wanted);
      const { http } = fake.cluster.get(SPLIT)?.spec as {
        http: { name: string; match: unknown; route: { weight?: number }[] }[];
      };
      expect(http.map((rule) => rule.name)).toEqual(["basic", "advanced", "kyc-preview", "split"]);
      expect(http[2]).toMatchObject({
        match: [{ headers: { "x-preview": { exact: "new" } } }],
        retries: { attempts: 0 },
      });
      expect(http[2]?.route[0]).not.toHaveProperty("weight");
      await engine.write(start.targets, led.version, "me");
      expect(fake.cluster.get(SPLIT)?.spec).toEqual(spec);
    },
  );

  test("does not change rules for buckets of another service", async () => {
    const spec = (await overlay("by-istio")) as { http: object[] };
    const elsewhere = {
      match: [{ headers: { "x-kyc-bucket": { prefix: "0" } } }],
      route: [{ destination: { host: "other" } }],
    };
    const http = [...spec.http.slice(0, 2), elsewhere, ...spec.http.slice(2)];
    const engine = await istioEngine(options(kubeOf(new FakeSplit({ ...spec, http }))));
    const { header, targets } = await engine.read();
    expect({ header, shares: percents(targets) }).toEqual({
      header: undefined,
      shares: "basic 50, advanced 50",
    });
  });

  test("leaves tags to the Knative Service, and does not apply if Knative decides", async () => {
    const engine = await istioEngine(options(kubeOf(new FakeSplit(await overlay("by-istio")))));
    const { targets, version } = await engine.read();
    const other = targets.map((target, i) => (i === 0 ? { ...target, tag: "old" } : target));
    expect(engine.write(other, version, "me")).rejects.toThrow(CannotWrite);
    expect(istioEngine(options(kubeOf(new FakeSplit(await overlay("by-knative")))))).rejects.toThrow(
      UserError,
    );
  });
});
