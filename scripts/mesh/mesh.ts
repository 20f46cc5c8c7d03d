import { InvalidManifests, type Problem } from "../manifests/problem.ts";
import { manifestFolders } from "../manifests/folders.ts";
import { CompileMemory } from "../traffic/compile/compile.ts";
import { seededRandom } from "../traffic/random.ts";
import type { Listener } from "../traffic/table.ts";
import { Admin } from "./admin/admin.ts";
import type { Exchange } from "./http/exchange.ts";
import { type GatewayPort, gatewayPorts } from "./gateways/gateway-ports.ts";
import type { Certificate } from "./gateways/local-authority.ts";
import { enterGateway, readLocalName } from "./gateways/local-names.ts";
import { OpenPorts } from "./gateways/open-ports.ts";
import { type HttpServer, type HttpServerOptions, serveHttp } from "./http/server.ts";
import { type Configuration, loadConfiguration, routedRevisions } from "./configuration.ts";
import type { Mesh, MeshOptions } from "./mesh-options.ts";
import { ManifestFiles, type Reading } from "./manifest-files.ts";
import { portOverview } from "./overview.ts";
import { relay } from "./relay/relay.ts";
import type { Generation, RelayOptions } from "./relay/relay-options.ts";
import { RevisionPool, type Runners } from "./revisions/pool.ts";
import { rejected } from "./revisions/request-queue.ts";
import { within } from "./revisions/within.ts";

const HOSTNAME = "127.0.0.1";
// An editor may save a file in two steps: an invalid edit is read again after this time before it is reported.
const SECOND_LOOK_MS = 150;
// A client that never completes its request must not keep the mesh from stopping.
const STOP_WITHIN_MS = 60_000;

/**
 * Runs the system that the manifests below a folder describe, and applies every edit of them.
 * @throws InvalidManifests if they are not valid; an error with code EADDRINUSE if a port is in use
 */
export async function startMesh(options: MeshOptions): Promise<Mesh> {
  const { root, events } = options;
  const files = new ManifestFiles(root, manifestFolders(root));
  const first = files.begin();
  const memory = new CompileMemory();
  let loaded = await loadConfiguration(root, { lenient: options.lenient, reading: first }, memory);
  files.accept(first);
  const random = seededRandom(options.seed);
  const servers = new Set<HttpServer>();
  const admin = new Admin({
    root,
    ports: () => ({
      port: ingress.port,
      localPort: local.port,
      gateways: gateways.addresses.map((address) => {
        const { title, url, gateways } = portOverview(address);
        return { title, url, gateways: [...gateways] };
      }),
    }),
    loaded: () => loaded,
    revisions: () => runners,
    metrics: options.metrics,
    rollouts: options.rollouts,
    onFaults(state) {
      generation = generationOf(loaded, runners, admin);
      events.onFaults?.(state);
    },
  });
  let ports = gatewayPorts(loaded);
  const ingress = serve(options.port, (exchange) => {
    if (!admin.takes(exchange)) atGateway(exchange, ports.main);
  });
  const local = orEnd(() =>
    serve(options.localPort, (exchange) => {
      readLocalName(exchange);
      forward(exchange, "mesh");
    }),
  );
  const gateways = new OpenPorts({
    root,
    anyPort: options.port === 0,
    open: (port, number, tls) =>
      serve(number, (exchange) => atGateway(exchange, gateways.portOf(port.key) ?? port), tls),
  });
  const pool = new RevisionPool({
    proxyUrl: `http://${HOSTNAME}:${local.port}`,
    scalingSecondMs: options.scalingSecondMs,
    onLine(spec, line) {
      admin.onLine(spec, line);
      events.onLine(spec.name, line);
    },
    onState: (spec, state, detail) => events.onRevision(spec.name, state, detail),
  });
  let runners = pool.runnersFor(loaded.specs);
  let generation = generationOf(loaded, runners, admin);
  await gateways.follow(ports.others);
  reportApplied(undefined);

  // Every change on disk is an edit; every valid edit is a candidate for the next configuration in force.
  let edits = 0;
  let candidates = 0;
  let waiting: Runners | undefined;
  const stopWatching = files.watch(() => void reload(++edits));

  return {
    port: ingress.port,
    localPort: local.port,
    get gateways() {
      return gateways.addresses;
    },
    get loaded() {
      return loaded;
    },
    processes() {
      const all = [...runners.values()].map(({ spec, processes }) => [spec.name, processes] as const);
      return new Map(all.filter(([, processes]) => processes.length > 0));
    },
    async stop() {
      edits++;
      candidates++;
      stopWatching();
      admin.close();
      // From outside in: requests in flight at the ingress may still call other services.
      for (const server of [...[...servers].filter((each) => each !== local), local]) {
        if (!(await within(STOP_WITHIN_MS, server.stop()))) server.terminate();
      }
      await pool.stop();
    },
    kill() {
      for (const server of servers) server.terminate();
      pool.kill();
    },
  };

  function reportApplied(before: Configuration | undefined): void {
    admin.onApplied(loaded);
    events.onApplied(loaded, before);
  }

  function serve(port: number, onExchange: HttpServerOptions["onExchange"], tls?: Certificate): HttpServer {
    const server = serveHttp({ hostname: HOSTNAME, port, onExchange, tls });
    servers.add(server);
    return server;
  }

  /** Closes the open servers if a port cannot be opened. */
  function orEnd<T>(open: () => T): T {
    try {
      return open();
    } catch (error) {
      for (const server of servers) server.terminate();
      throw error;
    }
  }

  function forward(exchange: Exchange, listener: Listener, locate?: RelayOptions["locate"]): void {
    relay(exchange, listener, {
      generation: () => generation,
      random,
      newRequestId: () => crypto.randomUUID(),
      tracer: options.tracer,
      readAnswer: (revision) => admin.readAnswer(revision),
      ...(locate && { locate }),
      onServed(served) {
        admin.onServed(served);
        events.onServed(served);
      },
    });
  }

  function atGateway(exchange: Exchange, port: GatewayPort): void {
    const { listener, locate } = enterGateway(exchange, port, generation.table, () => [
      { ...ports.main, port: ingress.port },
      ...gateways.addresses,
    ]);
    forward(exchange, listener, locate);
  }

  async function reload(edit: number): Promise<void> {
    const emptied = await files.emptied();
    if (edit !== edits) return;
    if (emptied.length > 0) return reject(emptied);
    const reading = files.begin();
    const next = await loadOrReport(edit, reading);
    if (next === undefined || edit !== edits) return;
    files.accept(reading);
    const candidate = ++candidates;
    const nextRunners = pool.runnersFor(next.specs, runners, waiting);
    const starting = routedRevisions(next).flatMap((key) => {
      const runner = nextRunners.get(key);
      return runner === undefined || runner === runners.get(key) ? [] : [runner];
    });
    if (starting.length > 0) {
      // As in Knative, traffic moves to a new revision only when it is ready.
      waiting = nextRunners;
      void pool.retainOnly(runners, nextRunners);
      const names = starting.map(({ spec }) => spec.name);
      admin.onWaiting(names);
      events.onWaiting(names);
      await Promise.all(starting.map((runner) => runner.wasReady));
    }
    if (candidate !== candidates) return;
    waiting = undefined;
    const before = loaded;
    [loaded, runners] = [next, nextRunners];
    ports = gatewayPorts(loaded);
    generation = generationOf(loaded, runners, admin);
    await gateways.follow(ports.others);
    reportApplied(before);
    void pool.retainOnly(runners);
  }

  function reject(problems: readonly Problem[]): void {
    admin.onRejected(problems);
    events.onRejected(problems);
  }

  async function loadOrReport(edit: number, reading: Reading): Promise<Configuration | undefined> {
    try {
      return await loadConfiguration(root, { lenient: options.lenient, reading }, memory);
    } catch (error) {
      if (!(error instanceof InvalidManifests)) throw error;
      await Bun.sleep(SECOND_LOOK_MS);
      if (edit === edits) reject(error.problems);
      return undefined;
    }
  }
}

function generationOf(loaded: Configuration, runners: Runners, admin: Admin): Generation {
  const timeouts = new Map(loaded.specs.map(({ key, timeoutMs }) => [key, timeoutMs]));
  return {
    table: { ...loaded.plan.table, revisionFilters: admin.filters(loaded) },
    reserve: (revision, tried, key) =>
      runners.get(revision)?.reserve(tried, key) ?? rejected(`no pod answers for ${revision}`),
    revisionTimeoutMs: (revision) => timeouts.get(revision) ?? Number.POSITIVE_INFINITY,
  };
}
