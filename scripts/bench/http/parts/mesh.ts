import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { canPin, CORES, freePort, start, untilAnswers } from "../pinned-process.ts";
import { type Comparison, type Figure, figure } from "../report.ts";
import { interleave, median, ratio, type SideResult } from "../rounds.ts";
import { type BenchContext, sample, warmUp } from "./context.ts";
import { findProxy } from "./envoy.ts";

const OURS = "the local mesh";
const DIRECT = "no proxy";

/**
 * Compares the local mesh, as `./kyc dev` runs it with a split between two revisions, with Envoy and the same split. The
 * proxy has one processor; the upstream and the load share the other one.
 */
export async function compareMeshes(
  context: BenchContext,
): Promise<{ comparison: Comparison; figures: Figure[] } | undefined> {
  if (!canPin()) {
    context.skip("the mesh against Envoy: two processors and taskset are needed");
    return undefined;
  }
  await using running = new AsyncDisposableStack();
  const behind: [number, number] = [freePort(), freePort()];
  const root = join(context.scratch, "mesh");
  const backend = await writeSystem(root);
  for (const port of behind) {
    const env = { PORT: String(port), HOST: "127.0.0.1" };
    const process_ = running.use(start({ command: [process.execPath, backend], core: CORES.load, env }));
    await untilAnswers(`http://127.0.0.1:${port}/`, process_);
  }
  const port = freePort();
  const mesh = running.use(
    start({
      command: [
        process.execPath,
        join(context.project, "scripts/kyc.ts"),
        "dev",
        "--dir",
        root,
        "--port",
        String(port),
        "--local-port",
        "0",
      ],
      core: CORES.measured,
    }),
  );
  const sides = [
    { name: OURS, url: `http://127.0.0.1:${port}/`, pid: mesh.pid },
    { name: DIRECT, url: `http://127.0.0.1:${behind[0]}/`, pid: undefined as number | undefined },
  ];
  await untilAnswers(`http://127.0.0.1:${port}/`, mesh);
  const proxyPort = freePort();
  const proxy = await findProxy(context, proxyPort, behind);
  if (proxy !== undefined) {
    const process_ = running.use(start({ command: proxy.command, core: CORES.measured }));
    const url = `http://127.0.0.1:${proxyPort}/`;
    await untilAnswers(url, process_);
    sides.push({ name: proxy.name, url, pid: process_.pid });
  }
  for (const { name, url } of sides) {
    context.say(`mesh: warming up ${name}`);
    await warmUp(context, url);
  }
  const names = sides.map(({ name }) => name);
  const atFull = await measure(undefined);
  const alone = await measure(1);
  return { comparison: comparison(atFull), figures: figuresOf(atFull, alone) };

  function measure(connections: number | undefined): Promise<SideResult[]> {
    return interleave(names, context.rounds, (side, round) => {
      const { name, url, pid } = sides[side] as (typeof sides)[number];
      const load = connections === undefined ? "full load" : "one request at a time";
      context.say(`mesh: ${load}, round ${round + 1} of ${context.rounds}, ${name}`);
      return sample(context, url, pid, connections === undefined ? {} : { connections });
    });
  }
}

function comparison(atFull: SideResult[]): Comparison {
  const proxies = atFull.filter(({ name }) => name !== DIRECT);
  return { title: "A split between two revisions, requests a second of one processor", sides: proxies };
}

function figuresOf(atFull: SideResult[], alone: SideResult[]): Figure[] {
  const side = (all: SideResult[], name: string): SideResult | undefined =>
    all.find((of) => of.name === name);
  const [ours, direct] = [side(alone, OURS), side(alone, DIRECT)];
  const figures: Figure[] = [];
  const other = atFull.find(({ name }) => name !== OURS && name !== DIRECT);
  const full = side(atFull, OURS);
  if (other !== undefined && full !== undefined) {
    const rps = ratio(full, other, (of) => of.rps) ?? 0;
    const cpu = ratio(full, other, (of) => of.perCpuSecond);
    const byCpu = cpu === undefined ? "" : `; ${cpu.toFixed(2)}× for a second of processor time`;
    figures.push(
      figure("mesh, requests/s", rps, "×", { atLeast: 1 }, `of ${other.name} with the same split${byCpu}`),
    );
  }
  if (ours !== undefined && direct !== undefined) {
    const added = addedMedian(ours, direct);
    const same = alone.find(({ name }) => name === other?.name);
    const beside = same === undefined ? "" : `; ${same.name} adds ${addedMedian(same, direct).toFixed(2)} ms`;
    figures.push(
      figure("mesh, added median latency", added, "ms", { atMost: 0.3 }, `one request at a time${beside}`),
    );
  }
  return figures;
}

function addedMedian(through: SideResult, direct: SideResult): number {
  return median(through.rounds.map(({ p50 }, round) => p50 - (direct.rounds[round]?.p50 ?? 0)));
}

/** Writes a system of two minimal revisions, and returns their program. */
async function writeSystem(root: string): Promise<string> {
  const program = join(root, "functions/backend/main.ts");
  const files: [string, string][] = [
    [program, BACKEND],
    [join(root, "knative/backend.yaml"), ["a", "b"].map(revision).join("---\n") + TRAFFIC],
    [join(root, "istio/routes.yaml"), ROUTES],
  ];
  for (const [path, text] of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return program;
}

// The mesh keeps its processor; the processes that it starts must move to the other one.
const BACKEND = `Bun.spawnSync(["taskset", "-apc", "${CORES.load}", String(process.pid)]);
const { HOST, PORT } = process.env;
Bun.serve({ hostname: HOST ?? "127.0.0.1", port: Number(PORT), fetch: () => new Response("ok") });
`;

const revision = (name: string): string => `apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: backend, namespace: bench}
spec:
  template:
    metadata:
      name: backend-${name}
      annotations: {autoscaling.knative.dev/min-scale: "1", autoscaling.knative.dev/max-scale: "1"}
    spec:
      containers: [{image: bench.local/backend:1}]
`;

const TRAFFIC = `  traffic:
    - {revisionName: backend-a, percent: 50}
    - {revisionName: backend-b, percent: 50}
`;

const ROUTES = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: door, namespace: bench}
spec:
  selector: {istio: ingressgateway}
  servers:
    - port: {number: 80, name: http, protocol: HTTP}
      hosts: ["*"]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: split, namespace: bench}
spec:
  hosts: ["*"]
  gateways: [door]
  http:
    - retries: {attempts: 0}
      route:
        - destination: {host: backend-a.bench.svc.cluster.local, port: {number: 80}}
          weight: 50
        - destination: {host: backend-b.bench.svc.cluster.local, port: {number: 80}}
          weight: 50
`;
