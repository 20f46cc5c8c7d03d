import { InvalidManifests, type Problem } from "../manifests/problem.ts";
import { hostOf } from "../traffic/hosts.ts";
import { seededRandom } from "../traffic/random.ts";
import type { Listener } from "../traffic/table.ts";
import { Admin } from "./admin/admin.ts";
import type { FaultsState } from "./faults/fault.ts";
import type { Exchange } from "./http/exchange.ts";
import { type HttpServer, type HttpServerOptions, serveHttp } from "./http/server.ts";
import { LOCAL_DOMAIN, FOLDERS, type Loaded, loadConfiguration } from "./load.ts";
import { relay } from "./relay/relay.ts";
import type { Generation, Served } from "./served.ts";
import { type Crew, Fleet } from "./revisions/fleet.ts";
import { refused } from "./revisions/seat.ts";
import type { RevisionState } from "./revisions/runner.ts";
import { watchFolders } from "./watch.ts";

/** What happens in the mesh, for whoever shows it. */
export interface MeshEvents {
  /** A configuration came into force; `before` is undefined for the first one. */
  onApplied(now: Loaded, before: Loaded | undefined): void;
  /** An edit is valid, and waits for these revisions to become ready. */
  onWaiting(revisions: string[]): void;
  /** An edit is not valid; what was in force stays so. */
  onRejected(problems: readonly Problem[]): void;
  onRevision(name: string, state: RevisionState, detail: string): void;
  /** A line that a revision wrote. */
  onLine(name: string, line: string): void;
  onServed(served: Served): void;
  /** Faults were switched on or off by hand. */
  onFaults?(state: FaultsState): void;
}

export interface MeshOptions {
  /** The folder that holds `knative`, `istio` and `functions`. */
  root: string;
  /** The port of the ingress gateway on 127.0.0.1; 0 lets the system choose. */
  port: number;
  /** The port of the cluster-local hosts. */
  localPort: number;
  /** Whether fields that the mesh does not act on are passed over, with a warning at each start and edit. */
  lenient?: boolean | undefined;
  /** For the weighted choices: the same seed makes the same choices in the same order. */
  seed: number;
  /** How long a second is for the scaling of revisions; see `FleetOptions`. */
  scalingSecondMs?: number;
  events: MeshEvents;
}

/** A process of a revision, and the port of 127.0.0.1 that it listens on. */
export interface MeshProcess {
  pid: number;
  port: number;
}

/** A running mesh. */
export interface Mesh {
  readonly port: number;
  readonly localPort: number;
  /** The configuration in force. */
  readonly loaded: Loaded;
  /** The processes of each revision that has any, by name. */
  processes(): Map<string, readonly MeshProcess[]>;
  /** Lets requests under way finish and ends every revision. */
  stop(): Promise<void>;
  /** Ends every connection and revision at once. */
  kill(): void;
}

const HOSTNAME = "127.0.0.1";
// An editor may save a file in two steps: what is not valid gets this long to become so before anyone is told.
const SECOND_LOOK_MS = 150;

/**
 * Runs the system that the manifests below a folder describe, and follows every edit of them.
 * @throws InvalidManifests when they are not valid; an error with code EADDRINUSE when a port is taken
 */
export async function startMesh(options: MeshOptions): Promise<Mesh> {
  const { root, events } = options;
  let loaded = await loadConfiguration(root, options);
  const random = seededRandom(options.seed);
  const servers: HttpServer[] = [];
  const admin = new Admin({
    root,
    ports: () => ({ port: ingress.port, localPort: local.port }),
    loaded: () => loaded,
    revisions: () => crew,
    onFaults(state) {
      generation = generationOf(loaded, crew, admin);
      events.onFaults?.(state);
    },
  });
  const ingress = serve("ingress", options.port);
  const local = serve("mesh", options.localPort);
  const fleet = new Fleet({
    proxyUrl: `http://${HOSTNAME}:${local.port}`,
    scalingSecondMs: options.scalingSecondMs,
    onLine: (spec, line) => events.onLine(spec.name, line),
    onState: (spec, state, detail) => events.onRevision(spec.name, state, detail),
  });
  let crew = fleet.crew(loaded.specs);
  let generation = generationOf(loaded, crew, admin);
  tellApplied(undefined);

  // Every change on disk is a turn; every turn that is valid, a candidate for what is in force.
  let turns = 0;
  let candidates = 0;
  let waiting: Crew | undefined;
  const stopWatching = watchFolders(root, FOLDERS, () => void reload(++turns));

  return {
    port: ingress.port,
    localPort: local.port,
    get loaded() {
      return loaded;
    },
    processes() {
      const all = [...crew.values()].map(({ spec, processes }) => [spec.name, processes] as const);
      return new Map(all.filter(([, processes]) => processes.length > 0));
    },
    async stop() {
      turns++;
      candidates++;
      stopWatching();
      admin.close();
      // From outside in: what is under way at the ingress may still have to call others.
      for (const server of servers) await server.stop();
      await fleet.stop();
    },
    kill() {
      for (const server of servers) server.terminate();
      fleet.kill();
    },
  };

  function tellApplied(before: Loaded | undefined): void {
    admin.onApplied(loaded);
    events.onApplied(loaded, before);
  }

  function serve(listener: Listener, port: number): HttpServer {
    const server = listen({
      hostname: HOSTNAME,
      port,
      onExchange(exchange) {
        if (listener === "mesh") readLocalName(exchange);
        else if (admin.takes(exchange)) return;
        relay(exchange, listener, {
          generation: () => generation,
          random,
          newRequestId: () => crypto.randomUUID(),
          onServed(served) {
            admin.onServed(served);
            events.onServed(served);
          },
        });
      },
    });
    servers.push(server);
    return server;
  }

  function listen(server: HttpServerOptions): HttpServer {
    try {
      return serveHttp(server);
    } catch (error) {
      for (const open of servers) open.terminate();
      throw error;
    }
  }

  async function reload(turn: number): Promise<void> {
    const next = await loadOrExplain(turn);
    if (next === undefined || turn !== turns) return;
    const candidate = ++candidates;
    const nextCrew = fleet.crew(next.specs, crew, waiting);
    const starting = routedRevisions(next).flatMap((key) => {
      const runner = nextCrew.get(key);
      return runner === undefined || runner === crew.get(key) ? [] : [runner];
    });
    if (starting.length > 0) {
      // As with Knative, traffic moves to a new revision when it is ready, and not before.
      waiting = nextCrew;
      void fleet.retire(crew, nextCrew);
      const names = starting.map(({ spec }) => spec.name);
      admin.onWaiting(names);
      events.onWaiting(names);
      await Promise.all(starting.map((runner) => runner.wasReady));
    }
    if (candidate !== candidates) return;
    waiting = undefined;
    const before = loaded;
    [loaded, crew] = [next, nextCrew];
    generation = generationOf(loaded, crew, admin);
    tellApplied(before);
    void fleet.retire(crew);
  }

  async function loadOrExplain(turn: number): Promise<Loaded | undefined> {
    try {
      return await loadConfiguration(root, options);
    } catch (error) {
      if (!(error instanceof InvalidManifests)) throw error;
      await Bun.sleep(SECOND_LOOK_MS);
      if (turn === turns) {
        admin.onRejected(error.problems);
        events.onRejected(error.problems);
      }
      return undefined;
    }
  }
}

function generationOf(loaded: Loaded, crew: Crew, admin: Admin): Generation {
  const timeouts = new Map(loaded.specs.map(({ key, timeoutMs }) => [key, timeoutMs]));
  return {
    table: { ...loaded.plan.table, doors: admin.doors(loaded) },
    seat: (revision, tried) => crew.get(revision)?.seat(tried) ?? refused(`there is no revision ${revision}`),
    revisionTimeoutMs: (revision) => timeouts.get(revision) ?? Number.POSITIVE_INFINITY,
  };
}

/** The revisions that some request can reach. */
function routedRevisions({ plan }: Loaded): string[] {
  return plan.services.flatMap(({ namespace, traffic }) =>
    traffic.map(({ revision }) => `${namespace}/${revision}`),
  );
}

/** `credit-check.kyc.localhost` is `credit-check.kyc` here: a name that a browser resolves to this machine. */
function readLocalName({ request }: Exchange): void {
  const host = hostOf(request.authority);
  const suffix = `.${LOCAL_DOMAIN}`;
  if (!host.endsWith(suffix)) return;
  request.authority = host.slice(0, -suffix.length);
  request.headers.set("host", request.authority);
}
