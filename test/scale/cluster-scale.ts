import { parseArgs } from "node:util";
import Type from "typebox";
import { imagesOf } from "../../scripts/cluster/images/ensure-images.ts";
import { findIngress } from "../../scripts/cluster/ingress.ts";
import { Kube } from "../../scripts/cluster/kube/client.ts";
import { connect } from "../../scripts/cluster/kube/connection.ts";
import { type KubeObject, parse } from "../../scripts/cluster/kube/kube-object.ts";
import { checked } from "../../scripts/cluster/workload/follow.ts";
import { KNATIVE_SERVICE, LiveService } from "../../scripts/cluster/workload/live-objects.ts";
import { PROJECT } from "../../scripts/project.ts";
import { ApiProxy } from "../faults/api-proxy.ts";

const USAGE = `Usage: bun test/scale/cluster-scale.ts --context CONTEXT [--services N] [--routes N] [--keep]

Measures splits, commands and cold starts on a cluster with the deployed system (\`./kyc deploy\`), alone and with N Knative
Services at zero (default 300) and N VirtualServices at the ingress gateway (default 1000), which it creates in the namespace
kyc-scale and removes afterwards unless --keep is given. Knative's ConfigMap config-autoscaler must contain
allow-zero-initial-scale: "true". Prints tables.`;

const { values } = parseArgs({
  options: {
    context: { type: "string" },
    services: { type: "string", default: "300" },
    routes: { type: "string", default: "1000" },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const { context } = values;
if (values.help || context === undefined) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}

/** The durations in the output of `split -o json`, in milliseconds. */
const Done = Type.Object({ writtenMs: Type.Number(), inForceMs: Type.Number() });

const NAMESPACE = "kyc-scale";
const OWNER = { fieldManager: "kyc-scale", force: true };
const ROUNDS = 5;
const AT_ONCE = 8;
const READY_WITHIN_MS = 420_000;
const TOGETHER = [1, 5, 25];

const kube = new Kube(connect({ context }));
await using proxy = await ApiProxy.start(kube.connection);
const signal = new AbortController().signal;
const ingress = (await findIngress({ kube, given: undefined, signal })).url;
const image = (await imagesOf(PROJECT, process.env)).find(({ name }) => name === "credit-check")?.image ?? "";

try {
  const alone = await measured();
  const services = await make();
  const beside = await measured();
  console.log("| what | alone | beside them | ratio | API requests |\n| --- | --- | --- | --- | --- |");
  for (const [i, { what, ms, requests }] of alone.entries()) {
    const other = beside[i];
    if (other === undefined) continue;
    const ratio = (other.ms / ms).toFixed(2);
    console.log(`| ${what} | ${ms} ms | ${other.ms} ms | ${ratio} | ${requests} → ${other.requests} |`);
  }
  console.log("\n| services at once from zero | answered | median | p95 |\n| --- | --- | --- | --- |");
  for (const count of TOGETHER) {
    const took = await Promise.all(services.splice(0, count).map(fromZero));
    const good = took.flatMap((ms) => ms ?? []).sort((a, b) => a - b);
    const at = (part: number): string =>
      `${((good[Math.ceil(good.length * part) - 1] ?? Number.NaN) / 1000).toFixed(1)} s`;
    console.log(`| ${count} | ${good.length} | ${at(0.5)} | ${at(0.95)} |`);
  }
} finally {
  if (!values.keep) await kube.delete({ apiVersion: "v1", kind: "Namespace", name: NAMESPACE });
}

interface Figure {
  what: string;
  /** The median. */
  ms: number;
  requests: number;
}

/** Splits by both engines and `status`, each several times. */
async function measured(): Promise<Figure[]> {
  const place = ["-n", "kyc", "--context", context ?? ""];
  const figures: Figure[] = [];
  for (const engine of ["knative", "istio"]) {
    const split = (percent: number): string[] => [
      ...["split", "credit-check", ...place, "--engine", engine, "-o", "json"],
      ...["--traffic", `basic=${100 - percent},advanced=${percent}`],
    ];
    await command(["deploy", ...place, "--istio", `istio/split/by-${engine}`, "--force-conflicts"]);
    // The first change fills caches.
    await command(split(50));
    const runs: { inForceMs: number; requests: number }[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const { out, requests } = await command(split(i % 2 === 0 ? 10 : 90));
      const { writtenMs, inForceMs } = parse(Done, JSON.parse(out), "the output of split");
      runs.push({ inForceMs: writtenMs + inForceMs, requests });
    }
    figures.push({
      what: `split by ${engine}, until in force`,
      ms: median(runs.map(({ inForceMs }) => inForceMs)),
      requests: median(runs.map(({ requests }) => requests)),
    });
  }
  const runs = [];
  for (let i = 0; i < ROUNDS; i++) runs.push(await command(["status", ...place]));
  const [ms, requests] = [median(runs.map(({ ms }) => ms)), median(runs.map(({ requests }) => requests))];
  return [...figures, { what: "status, the whole command", ms, requests }];
}

/** Runs `kyc` through the proxy. @throws Error when it fails */
async function command(args: readonly string[]): Promise<{ out: string; ms: number; requests: number }> {
  const before = proxy.total;
  const startedAt = performance.now();
  const child = proxy.startKyc(args);
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`kyc ${args.join(" ")} ended with ${code}: ${err}`);
  return { out, ms: Math.round(performance.now() - startedAt), requests: proxy.total - before };
}

function median(values: readonly number[]): number {
  return Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN);
}

/** Creates the services and routes. @returns the ready services, which on a slow machine are not all */
async function make(): Promise<LiveService[]> {
  const startedAt = performance.now();
  const metadata = { name: NAMESPACE, labels: { "app.kubernetes.io/managed-by": "kyc-scale" } };
  await kube.apply({ apiVersion: "v1", kind: "Namespace", metadata }, OWNER);
  const [services, routes] = [Number(values.services), Number(values.routes)];
  const gateway = {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name: "shops", namespace: NAMESPACE },
    spec: {
      selector: { istio: "ingressgateway" },
      servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*.shop.example"] }],
    },
  };
  await all([gateway, ...range(routes).map(routeObject)]);
  say(`${routes} VirtualServices after ${seconds(startedAt)}`);
  await all(range(services).map(serviceObject));
  say(`${services} Knative Services written after ${seconds(startedAt)}`);
  for (;;) {
    const { items } = await kube.list(KNATIVE_SERVICE, { namespace: NAMESPACE });
    const ready = checked(LiveService, items).filter(isReady);
    if (ready.length >= services || performance.now() - startedAt > READY_WITHIN_MS) {
      say(`${ready.length} of ${services} Knative Services ready after ${seconds(startedAt)}`);
      return ready;
    }
    await Bun.sleep(2_000);
  }
}

function isReady({ status }: LiveService): boolean {
  return (status?.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True");
}

/** Applies objects in batches. */
async function all(objects: readonly KubeObject[]): Promise<void> {
  const left = [...objects];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await kube.apply(next, OWNER);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function routeObject(i: number): KubeObject {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: `route-${i}`, namespace: NAMESPACE },
    spec: {
      hosts: [`route-${i}.shop.example`],
      gateways: ["shops"],
      http: [{ directResponse: { status: 200, body: { string: String(i) } } }],
    },
  };
}

function serviceObject(i: number): KubeObject {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: `shop-${i}`, namespace: NAMESPACE },
    spec: {
      template: {
        metadata: { annotations: { "autoscaling.knative.dev/initial-scale": "0" } },
        spec: {
          containers: [
            {
              image,
              imagePullPolicy: "IfNotPresent",
              env: [{ name: "CREDIT_CHECK_VARIANT", value: "basic" }],
              ports: [{ containerPort: 8080 }],
              readinessProbe: { httpGet: { path: "/readyz" } },
              resources: { requests: { cpu: "10m", memory: "32Mi" } },
            },
          ],
        },
      },
    },
  };
}

/** Milliseconds until a service at zero answers; undefined if it does not within two minutes. */
async function fromZero({ status }: LiveService): Promise<number | undefined> {
  const { host } = new URL(status?.url ?? "http://none.invalid");
  const startedAt = performance.now();
  try {
    const response = await fetch(`${ingress}/readyz`, {
      headers: { host },
      signal: AbortSignal.timeout(120_000),
    });
    await response.arrayBuffer();
    return response.ok ? performance.now() - startedAt : undefined;
  } catch {
    return undefined;
  }
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function seconds(since: number): string {
  return `${Math.round((performance.now() - since) / 1000)} s`;
}

function say(what: string): void {
  console.error(what);
}
