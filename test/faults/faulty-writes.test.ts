import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Kube } from "../../scripts/cluster/kube/client.ts";
import type { ApiRequest, Connection } from "../../scripts/cluster/kube/connection.ts";
import type { KubeObject } from "../../scripts/cluster/kube/kube-object.ts";
import type { RecordedEngine } from "../../scripts/engines/engine.ts";
import { istioEngine } from "../../scripts/engines/istio/istio-engine.ts";
import { knativeEngine } from "../../scripts/engines/knative/knative-engine.ts";
import {
  conflictOf,
  FakeSplit,
  NAMESPACE,
  SERVICE,
  SPLIT,
} from "../../scripts/engines/testing/fake-split.ts";
import { SAMPLE } from "../sample.ts";
import { FaultyConnection } from "./faulty-connection.ts";

/** A cluster that counts the generations of the split's object, and refuses writes based on an old state. */
function strict({ cluster }: FakeSplit, ref: typeof SERVICE | typeof SPLIT): Connection {
  cluster.react = (object, path) => {
    if (object === undefined || !path.endsWith(`/${ref.name}`)) return;
    const generation = (object.metadata.generation ?? 0) + 1;
    cluster.put({ ...object, metadata: { ...object.metadata, generation } } satisfies KubeObject);
  };
  return {
    context: "fake",
    server: "https://fake",
    namespace: undefined,
    open: (path, request) => cluster.open(path, request),
    async send(path: string, request: ApiRequest = {}) {
      const isOfSplit = path.split("?")[0]?.endsWith(`/${ref.name}`) === true && request.body !== undefined;
      return (
        (isOfSplit && conflictOf(cluster, ref, JSON.parse(request.body ?? ""))) || cluster.send(path, request)
      );
    },
  };
}

const ENGINES: [string, typeof SERVICE | typeof SPLIT, (kube: Kube) => Promise<RecordedEngine>][] = [
  [
    "Knative",
    SERVICE,
    async (kube) => knativeEngine({ kube, namespace: NAMESPACE, service: "credit-check" }),
  ],
  ["Istio", SPLIT, (kube) => istioEngine({ kube, namespace: NAMESPACE, service: "credit-check" })],
];

describe.each(ENGINES)(
  "through an API server that fails every fourth request, a split by %s",
  (_, ref, open) => {
    test("is written once and recorded once, regardless of which responses are lost", async () => {
      const { spec } = Bun.YAML.parse(
        await Bun.file(join(SAMPLE, "istio/split/by-istio/virtual-service.yaml")).text(),
      ) as { spec: object };
      await Promise.all(
        Array.from({ length: 20 }, async (_, seed) => {
          const fake = new FakeSplit(ref === SPLIT ? spec : undefined);
          const faulty = new FaultyConnection(strict(fake, ref), seed, { latestMs: 1 });
          const engine = await open(new Kube(faulty, { forMs: 5_000, pauseMs: 1 }));
          const { targets, version } = await engine.read();
          const wanted = targets.map((target, i) => ({ ...target, percent: i === 0 ? 90 : 10 }));
          await engine.write(wanted, version, "me");
          faulty.isFaulty = false;
          expect((await engine.read()).targets.map(({ percent }) => percent)).toEqual([90, 10]);
          expect(await engine.changes()).toMatchObject([{ by: "me", before: targets, after: wanted }]);
          expect(fake.cluster.get(ref)?.metadata.generation).toBe(2);
        }),
      );
    });
  },
);
