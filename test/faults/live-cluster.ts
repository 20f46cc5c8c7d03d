import { imagesOf } from "../../scripts/cluster/images/ensure-images.ts";
import { findIngress } from "../../scripts/cluster/ingress.ts";
import { Kube } from "../../scripts/cluster/kube/client.ts";
import { connect } from "../../scripts/cluster/kube/connection.ts";
import { stageOf } from "../../scripts/e2e/e2e.ts";
import { BOTH_VERSIONS, CUSTOMER, describeFailures, untilWarm } from "../../scripts/e2e/load.ts";
import type { Stage } from "../../scripts/e2e/scenario.ts";
import { BY_ISTIO, BY_KNATIVE, type SharesWriter, waitInForce } from "../../scripts/e2e/splits.ts";
import { type LoadResult, steadyLoad } from "../../scripts/load/steady.ts";
import { istioEngine } from "../../scripts/engines/istio/istio-engine.ts";
import { knativeEngine } from "../../scripts/engines/knative/knative-engine.ts";
import { PROJECT } from "../../scripts/project.ts";
import { ApiProxy } from "./api-proxy.ts";
import { FaultyConnection } from "./faulty-connection.ts";
import { type FaultResult, peakMemoryMb } from "./scenario.ts";

const NAMESPACE = "kyc";
const SERVICE = "credit-check";
const RPS = 40;

/** The engines of a cluster, by their names on the command line. */
export const ENGINES = { knative: BY_KNATIVE, istio: BY_ISTIO };
export type EngineName = keyof typeof ENGINES;

/** The deployed services of a cluster under load, all traffic on the basic check at first. */
export interface ClusterStage extends Stage {
  engine: SharesWriter;
  /** The proxy to the API server, whose connection can be made to fail. */
  api: FaultyConnection;
  /** Allows splits other than 100/0, such as `50/50`. */
  allow(...splits: string[]): void;
  /** The live split. */
  split(): Promise<string>;
  /** Starts `kyc` with a kubeconfig that leads through `api`. */
  start(...args: string[]): Bun.Subprocess<"ignore", "pipe", "pipe">;
}

export interface ClusterFault {
  fault: string;
  engine: EngineName;
  context: string;
  during(stage: ClusterStage): Promise<{ ended: string; right: boolean }>;
}

/** Runs a fault on a cluster under load, and records failed requests and the splits at the API server. */
export async function onCluster({
  fault,
  engine: name,
  context,
  during,
}: ClusterFault): Promise<FaultResult> {
  const kube = new Kube(connect({ context }));
  const end = new AbortController();
  const { signal } = end;
  const given = {
    kube,
    namespace: NAMESPACE,
    root: PROJECT,
    ingress: (await findIngress({ kube, given: undefined, signal })).url,
    images: await imagesOf(PROJECT, process.env),
    signal,
    report: () => {},
    takeBack: () => Promise.resolve([]),
  };
  const stage = stageOf(given);
  await stage.deploy([ENGINES[name].istio]);
  const engine = ENGINES[name].engine(stage);
  await engine.write({ basic: 100, advanced: 0 });
  await waitInForce(stage, engine);
  await untilWarm(stage, BOTH_VERSIONS);

  const recorded = { kube, namespace: NAMESPACE, service: SERVICE };
  const reader = name === "knative" ? knativeEngine(recorded) : await istioEngine(recorded);
  const split = async (): Promise<string> => {
    const { targets } = await reader.read();
    const percentOf = (tag: string) => targets.find((target) => target.tag === tag)?.percent ?? 0;
    return `${percentOf("basic")}/${percentOf("advanced")}`;
  };
  const api = new FaultyConnection(kube.connection, 1);
  api.isFaulty = false;
  await using proxy = await ApiProxy.start(api);
  const allowed = new Set(["100/0"]);
  const unaccounted = new Set<string>();
  const children: Bun.Subprocess[] = [];
  let memoryMb = 0;
  const watching = (async () => {
    while (!signal.aborted) {
      const seen = await split().catch(() => undefined);
      if (seen !== undefined && !allowed.has(seen)) unaccounted.add(seen);
      for (const { pid } of children) memoryMb = Math.max(memoryMb, (await peakMemoryMb(pid)) ?? 0);
      await Bun.sleep(200);
    }
  })();
  const results: LoadResult[] = [];
  const load = steadyLoad({
    url: `${stage.ingress}${CUSTOMER}`,
    rps: RPS,
    signal,
    timeoutMs: 20_000,
    onResult: (result) => results.push(result),
  });
  try {
    const { ended, right } = await during({
      ...stage,
      engine,
      api,
      allow: (...splits) => splits.forEach((each) => allowed.add(each)),
      split,
      start(...args) {
        const child = proxy.startKyc(args);
        children.push(child);
        return child;
      },
    });
    end.abort();
    await load;
    const failed = results.filter(({ status }) => status !== 200);
    return {
      fault: `${fault}, by ${name}`,
      sent: results.length,
      failed: failed.length,
      unaccounted: unaccounted.size,
      memoryMb: Math.round(memoryMb),
      ended: [ended, describeFailures(failed), ...unaccounted].filter(Boolean).join("; "),
      right,
    };
  } finally {
    end.abort();
    for (const child of children) child.kill();
    await Promise.all([load, watching]);
  }
}
