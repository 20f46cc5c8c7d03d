import Type from "typebox";
import { parse } from "../../scripts/cluster/kube/kube-object.ts";
import { checked } from "../../scripts/cluster/workload/follow.ts";
import { LivePod, POD } from "../../scripts/cluster/workload/live-objects.ts";
import { type ClusterStage, ENGINES, type EngineName, onCluster } from "./live-cluster.ts";
import { type Fault, type FaultResult, STEPS, until } from "./scenario.ts";

interface Place {
  engine: EngineName;
  context: string;
}

/** Starts a rollout, and resolves with its process when it judges at 50 %. */
type Begin = () => Promise<Bun.Subprocess>;

const ROLLOUT = [
  "--steps",
  "50,100",
  "--step-time",
  "8s",
  "--bake",
  "8s",
  "--look",
  "1s",
  "--step-limit",
  "90s",
];
// The speed of the versions does not matter here.
const TOLERANT = ["--tolerate-latency", "1000%", "--latency-floor", "5s"];

/** A rollout to the advanced check during a fault, which must still end in one of two splits. */
function duringRollout(fault: string, happens: (stage: ClusterStage, begin: Begin) => Promise<unknown>) {
  return (place: Place): Promise<FaultResult> =>
    onCluster({
      fault,
      ...place,
      async during(stage) {
        stage.allow(...STEPS);
        const flags = [...ROLLOUT, ...TOLERANT, ...flagsOf(stage, place)];
        let output: Promise<string> | undefined;
        let exited: Promise<number> | undefined;
        await happens(stage, async () => {
          const child = stage.start("rollout", "credit-check", "--to", "advanced", ...flags);
          output = new Response(child.stderr).text();
          exited = child.exited;
          await until(async () => (await stage.split()) === "50/50" || child.exitCode !== null);
          return child;
        });
        const code = await exited;
        stage.api.isFaulty = false;
        const split = await stage.split();
        const right = (code === 0 && split === "0/100") || (code === 1 && split === "100/0");
        const told = right ? "" : `: ${(await output)?.trim().split("\n").at(-1)}`;
        // A held rollout would prevent the next one from starting.
        if (code !== 0 && code !== 1)
          await stage.start("rollout", "credit-check", "--abort", ...flagsOf(stage, place)).exited;
        return { ended: `exit ${code}, ${split}${told}`, right };
      },
    });
}

function flagsOf({ namespace }: ClusterStage, { engine, context }: Place): string[] {
  return ["-n", namespace, "--engine", engine, "--context", context];
}

const PERCENTS = [30, 70, 10, 90, 50, 20, 80, 40, 60, 0];

/** Splits while requests to the API server fail: each is written completely or not at all, as its exit code shows. */
function splitsWithoutApiServer(place: Place): Promise<FaultResult> {
  return onCluster({
    fault: "API server that fails, during splits",
    ...place,
    async during(stage) {
      stage.allow(...PERCENTS.map((percent) => `${100 - percent}/${percent}`));
      const ends = new Map<string, number>();
      let right = true;
      stage.api.isFaulty = true;
      for (const percent of PERCENTS) {
        const before = await stage.split();
        const traffic = `basic=${100 - percent},advanced=${percent}`;
        const child = stage.start("split", "credit-check", ...flagsOf(stage, place), "--traffic", traffic);
        const [code, told] = await Promise.all([child.exited, new Response(child.stderr).text()]);
        const end = code === 0 ? "exit 0" : `exit ${code} (${told.trim().split("\n").at(-1)})`;
        ends.set(end, (ends.get(end) ?? 0) + 1);
        const after = await stage.split();
        const wanted = `${100 - percent}/${percent}`;
        right &&= code === 0 ? after === wanted : [before, wanted].includes(after);
      }
      const told = [...ends].map(([end, count]) => `${count} × ${end}`).join(", ");
      const { requests, refused } = stage.api;
      return { ended: `${told}; ${refused} of ${requests} API requests failed`, right };
    },
  });
}

const ISTIO = "istio-system";

/** Deletes pods of a Deployment, and waits until as many as before are ready. @param most the maximum number of deleted pods */
async function restart(stage: ClusterStage, labelSelector: string, most = Infinity): Promise<void> {
  const before = await podsOf(stage, labelSelector);
  if (before.length === 0) throw new Error(`${ISTIO} has no pod with ${labelSelector}`);
  const names = new Set(before.map(({ metadata }) => metadata.name).slice(0, most));
  for (const name of names)
    await stage.kube.delete({ apiVersion: "v1", kind: "Pod", namespace: ISTIO, name });
  await untilReady(stage, labelSelector, before.length, names);
}

async function podsOf({ kube, signal }: ClusterStage, labelSelector: string): Promise<LivePod[]> {
  return checked(LivePod, (await kube.list(POD, { namespace: ISTIO, labelSelector, signal })).items);
}

/** Waits until the given number of pods are ready, without the deleted ones. */
function untilReady(
  stage: ClusterStage,
  labelSelector: string,
  count: number,
  deleted: ReadonlySet<string> = new Set(),
): Promise<void> {
  return until(async () => {
    const others = (await podsOf(stage, labelSelector)).filter(({ metadata }) => !deleted.has(metadata.name));
    const ready = others.filter(({ status }) =>
      (status?.containerStatuses ?? []).some(({ ready }) => ready === true),
    );
    return ready.length >= count;
  });
}

const GATEWAY = { apiVersion: "apps/v1", kind: "Deployment", namespace: ISTIO, name: "istio-ingressgateway" };
const GATEWAY_PODS = "istio=ingressgateway";
const Replicas = Type.Object({ spec: Type.Object({ replicas: Type.Integer() }) });

/** Runs an action while the ingress gateway has at least two pods, as in production. */
async function withTwoGateways(stage: ClusterStage, work: () => Promise<unknown>): Promise<void> {
  const scale = (replicas: number) =>
    stage.kube.patch(GATEWAY, { spec: { replicas } }, { fieldManager: "kyc-faults" });
  const { replicas } = parse(Replicas, await stage.kube.get(GATEWAY), GATEWAY.name).spec;
  if (replicas < 2) await scale(2);
  try {
    await untilReady(stage, GATEWAY_PODS, 2);
    await work();
  } finally {
    if (replicas < 2) await scale(replicas);
  }
}

/** The command that slows down (`on`) and restores (`off`) the networking layer, if it is not net-istio. */
const SLOW_NETWORKING = process.env["KYC_FAULTS_SLOW_NETWORKING"];
const NET_ISTIO = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: "knative-serving",
  name: "net-istio-controller",
};
const Containers = Type.Array(Type.Record(Type.String(), Type.Unknown()));
const Deployment = Type.Object({
  spec: Type.Object({ template: Type.Object({ spec: Type.Object({ containers: Containers }) }) }),
});

/** Runs an action while the networking layer is limited to a hundredth of a processor. */
async function withSlowNetworking({ kube }: ClusterStage, work: () => Promise<unknown>): Promise<void> {
  if (SLOW_NETWORKING !== undefined) {
    run(`${SLOW_NETWORKING} on`);
    await work().finally(() => run(`${SLOW_NETWORKING} off`));
    return;
  }
  const object = await kube.get(NET_ISTIO);
  const { containers } = parse(Deployment, object, NET_ISTIO.name).spec.template.spec;
  const write = (containers: object[]) =>
    kube.patch(NET_ISTIO, { spec: { template: { spec: { containers } } } }, { fieldManager: "kyc-faults" });
  const resources = { limits: { cpu: "10m" }, requests: { cpu: "10m" } };
  await write(containers.map((container) => ({ ...container, resources })));
  try {
    await work();
  } finally {
    await write(containers);
  }
}

function run(command: string): void {
  const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", command]);
  if (exitCode !== 0) throw new Error(`${command}: ${stderr.toString()}`);
}

const apiServerFails = duringRollout("API server that fails, during a rollout", async ({ api }, begin) => {
  const rollout = await begin();
  api.isFaulty = true;
  await rollout.exited;
});

const networkingIsSlow = duringRollout("slow networking layer", (stage, begin) =>
  withSlowNetworking(stage, async () => (await begin()).exited),
);

const istiodRestarts = duringRollout("istiod restarts", async (stage, begin) => {
  await begin();
  await restart(stage, "app=istiod");
});

const gatewayRestarts = duringRollout("one of two ingress gateways restarts", (stage, begin) =>
  withTwoGateways(stage, async () => {
    const rollout = await begin();
    await restart(stage, GATEWAY_PODS, 1);
    await rollout.exited;
  }),
);

/**
 * Faults of a cluster's components, for each engine.
 * @param context the context of a cluster with the deployed services; undefined if none may be used
 */
export function liveClusterFaults(context: string | undefined): Fault[] {
  const every = Object.keys(ENGINES).filter((name) => name === "knative" || name === "istio");
  const faults = [
    { name: "splits, API server that fails", tried: splitsWithoutApiServer, engines: every },
    { name: "rollout, API server that fails", tried: apiServerFails, engines: every },
    // It does not handle the weights of a VirtualService.
    {
      name: "slow networking layer",
      tried: networkingIsSlow,
      engines: every.filter((name) => name === "knative"),
    },
    { name: "istiod restarts", tried: istiodRestarts, engines: every },
    { name: "one of two ingress gateways restarts", tried: gatewayRestarts, engines: every },
  ];
  return faults.flatMap(({ name, tried, engines }) =>
    engines.map((engine): Fault => {
      return {
        name: `cluster, ${engine}: ${name}`,
        missing: () => (context === undefined ? "it takes --context, and changes that cluster" : undefined),
        run: () => tried({ engine, context: context ?? "" }),
      };
    }),
  );
}
