import { parseArgs } from "node:util";
import { createMetrics } from "../../functions/shared/telemetry/metrics.ts";
import { FakeKubelet } from "../../scripts/cluster/kube/testing/fake-kubelet.ts";
import { FakeCluster } from "../../scripts/cluster/testing/fake-cluster.ts";
import { KNATIVE_SERVICE } from "../../scripts/cluster/workload/live-objects.ts";
import { podSource } from "../../scripts/sources/pods/pod-outcomes.ts";

const USAGE = `Usage: bun test/scale/pod-metrics.ts [--pods N,N,...] [--seconds S]

Measures the source \`pods\` by numbers of pods (default 10,100,500) that each answer ten requests a second, for S seconds
(default 10) each: processor seconds for a second, and how old the outcomes are that arrive. The pods and their cluster are
fakes; the pods are a process of their own, and the cluster that forwards their ports is measured with the source. Prints a
table.`;

const { values } = parseArgs({
  options: {
    pods: { type: "string", default: "10,100,500" },
    seconds: { type: "string", default: "10" },
    serve: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const PER_SECOND = 10;
const SERVICE = "check";

if (values.serve) servePods();
else {
  console.log(
    "| pods | requests | processor time for a second | looks a second |\n| --- | --- | --- | --- |",
  );
  for (const pods of values.pods.split(",").map(Number)) console.log(await measured(pods));
  process.exit(0);
}

/** One port for all pods, with the same page, whose counters grow with time. */
function servePods(): void {
  const metrics = createMetrics({ revision: "check-a" });
  const startedAt = performance.now();
  let counted = 0;
  let page = "";
  setInterval(() => {
    const due = ((performance.now() - startedAt) / 1000) * PER_SECOND;
    for (; counted < due; counted++)
      metrics.request({ method: "GET", route: "/", status: 200 }, counted % 50);
    void metrics.text().then((text) => (page = text));
  }, 100);
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(page) });
  console.log(server.port);
}

async function measured(pods: number): Promise<string> {
  const cluster = new FakeCluster("fake");
  using kubelet = new FakeKubelet(cluster);
  cluster.know({ ...KNATIVE_SERVICE, plural: "services", namespaced: true });
  cluster.put({ ...KNATIVE_SERVICE, metadata: { name: SERVICE, namespace: "kyc" }, spec: {} });
  await using served = Bun.spawn([process.execPath, import.meta.path, "--serve"], { stdout: "pipe" });
  const { value } = await served.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  for (let i = 0; i < pods; i++) {
    const name = `${SERVICE}-${i}`;
    kubelet.pods.set(name, port);
    const labels = { "serving.knative.dev/service": SERVICE };
    const metadata = { name, namespace: "kyc", uid: name, labels };
    cluster.put({ apiVersion: "v1", kind: "Pod", metadata, status: { phase: "Running" } });
  }
  const end = new AbortController();
  const source = podSource({ kube: kubelet.kube, namespace: "kyc", service: SERVICE });
  const forMs = Number(values.seconds) * 1000;
  let [requests, looks] = [0, 0];
  let since: { at: number; cpu: NodeJS.CpuUsage } | undefined;
  for await (const batch of source.outcomes(end.signal)) {
    // The first batch arrives when all ports are open.
    if (since === undefined) since = { at: performance.now(), cpu: process.cpuUsage() };
    else {
      looks++;
      for (const { count } of batch) requests += count;
    }
    if (performance.now() - since.at >= forMs) break;
  }
  if (since === undefined) throw new Error("the source has ended");
  const seconds = (performance.now() - since.at) / 1000;
  const { user, system } = process.cpuUsage(since.cpu);
  end.abort();
  served.kill();
  const ms = (user + system) / 1000 / seconds;
  return `| ${pods} | ${requests} | ${Math.round(ms)} ms | ${(looks / seconds).toFixed(2)} |`;
}
