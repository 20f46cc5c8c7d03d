import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Problem } from "../../manifests/problem.ts";
import type { Configuration } from "../configuration.ts";
import type { Mesh } from "../mesh-options.ts";
import { startMesh } from "../mesh.ts";
import type { MeshEvents } from "../mesh-options.ts";
import type { Served } from "../relay/relay-options.ts";

/**
 * A small system in its own folder, for tests with real processes: one Knative Service `echo` whose revisions `a` and
 * `b` answer with their environment, a Gateway, and a VirtualService that routes to it.
 */
export class TestSystem implements AsyncDisposable {
  readonly root: string;
  readonly events = new RecordedEvents();
  mesh: Mesh | undefined;

  private constructor(root: string) {
    this.root = root;
  }

  static async create(): Promise<TestSystem> {
    const system = new TestSystem(await mkdtemp(join(tmpdir(), "kyc-mesh-")));
    await system.write("functions/echo/main.ts", ECHO);
    await system.write("knative/echo/1-a.yaml", echoRevision("a"));
    await system.write("knative/echo/2-b.yaml", echoRevision("b") + echoTraffic({ a: 50, b: 50 }));
    await system.write("istio/gateway.yaml", GATEWAY);
    await system.write("istio/routes.yaml", ROUTES);
    return system;
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.root, path)), { recursive: true });
    await writeFile(join(this.root, path), text);
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.root, path));
  }

  /** Sets the percents in the file of revision b. */
  async split(percents: Record<string, number>): Promise<void> {
    await this.write("knative/echo/2-b.yaml", echoRevision("b") + echoTraffic(percents));
  }

  /** @param scalingSecondMs the length of a second for the scaling of revisions */
  async start(seed = 1, scalingSecondMs = 1000): Promise<Mesh> {
    const { root, events } = this;
    this.mesh = await startMesh({ root, port: 0, localPort: 0, seed, scalingSecondMs, events });
    return this.mesh;
  }

  /** A request through the ingress gateway. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.mesh?.port}${path}`, init);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.mesh?.kill();
    await rm(this.root, { recursive: true, force: true });
  }
}

/** Records the events of the mesh, and lets a test wait for them. */
export class RecordedEvents implements MeshEvents {
  readonly applied: Configuration[] = [];
  readonly rejected: (readonly Problem[])[] = [];
  readonly revisions: string[] = [];
  readonly lines: string[] = [];
  readonly served: Served[] = [];
  readonly waiting: string[][] = [];

  onApplied(now: Configuration): void {
    this.applied.push(now);
  }
  onWaiting(revisions: string[]): void {
    this.waiting.push(revisions);
  }
  onRejected(problems: readonly Problem[]): void {
    this.rejected.push(problems);
  }
  onRevision(name: string, state: string, detail: string): void {
    this.revisions.push(`${name} ${state} ${detail}`.trim());
  }
  onLine(name: string, line: string): void {
    this.lines.push(`${name}: ${line}`);
  }
  onServed(served: Served): void {
    this.served.push(served);
  }
}

/** Waits until a condition holds. @throws if it does not in time */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not in ${withinMs} ms: ${what}`);
    await Bun.sleep(5);
  }
}

/** The scaling of a state of `echo`: annotations by their last part, and containerConcurrency. */
export interface EchoScaling {
  annotations?: Record<string, string>;
  containerConcurrency?: number;
}

/** Returns the state of `echo` that creates revision `echo-NAME`. */
export function echoRevision(
  name: string,
  env: Record<string, string> = {},
  { annotations = {}, containerConcurrency = 0 }: EchoScaling = {},
): string {
  const notes = Object.entries(annotations).map(
    ([key, value]) => `autoscaling.knative.dev/${key}: ${JSON.stringify(value)}`,
  );
  const variables = Object.entries({ GREETING: name, ...env })
    .map(([key, value]) => `            - {name: ${key}, value: ${JSON.stringify(value)}}\n`)
    .join("");
  return `apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: echo, namespace: test}
spec:
  template:
    metadata: {name: echo-${name}, annotations: {${notes.join(", ")}}}
    spec:
      containerConcurrency: ${containerConcurrency}
      containers:
        - image: example.test/echo:1
          readinessProbe: {httpGet: {path: /readyz}}
          env:
${variables}`;
}

/** Returns a traffic block that gives each revision these percents, with its name as tag. */
export function echoTraffic(percents: Record<string, number>): string {
  const targets = Object.entries(percents).map(([name, percent]) => {
    return `    - {revisionName: echo-${name}, tag: ${name}, percent: ${percent}}\n`;
  });
  return `  traffic:\n${targets.join("")}`;
}

const ECHO = `
if (process.env.FAIL_TO_START) { console.error("cannot start: " + process.env.FAIL_TO_START); process.exit(78); }
await Bun.sleep(Number(process.env.START_AFTER_MS ?? 0));
let inside = 0;
const server = Bun.serve({
  port: Number(process.env.PORT),
  hostname: process.env.HOST,
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === "/readyz") return new Response("ready");
    if (url.pathname === "/crash") process.exit(9);
    if (url.pathname === "/say") { console.log("said " + url.searchParams.get("text")); return new Response("ok"); }
    if (url.pathname === "/flood") {
      const part = "x".repeat(1024 * 1024);
      for (let i = 0; i < Number(url.searchParams.get("mb")); i++) await Bun.write(Bun.stdout, part);
      await Bun.write(Bun.stdout, "\\nafter\\n");
      return new Response("ok");
    }
    if (url.pathname === "/busy") {
      const busy = ++inside;
      await Bun.sleep(30);
      inside--;
      return new Response(String(busy));
    }
    if (url.pathname === "/slow") await Bun.sleep(Number(url.searchParams.get("ms")));
    const { GREETING, PORT, HOST, K_SERVICE, K_REVISION, K_CONFIGURATION, HTTP_PROXY, SECRET_OF_THE_USER } = process.env;
    return Response.json({
      revision: K_REVISION, pid: process.pid, path: url.pathname,
      env: { GREETING, PORT, HOST, K_SERVICE, K_REVISION, K_CONFIGURATION, HTTP_PROXY, SECRET_OF_THE_USER },
      headers: Object.fromEntries(request.headers),
    });
  },
});
process.on("SIGTERM", async () => { await server.stop(); process.exit(0); });
`;

const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: door, namespace: test}
spec:
  selector: {istio: ingressgateway}
  servers:
    - port: {number: 80, name: http, protocol: HTTP}
      hosts: ["*"]
`;

const ROUTES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: routes, namespace: test}
spec:
  hosts: ["*"]
  gateways: [door]
  http:
    - retries: {attempts: 0}
      rewrite: {authority: echo.test.svc.cluster.local}
      route:
        - destination:
            host: knative-local-gateway.istio-system.svc.cluster.local
            port: {number: 80}
`;
