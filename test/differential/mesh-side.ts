import { stringify } from "yaml";
import { HttpClient } from "../../scripts/mesh/http/client.ts";
import { type HttpServer, serveHttp } from "../../scripts/mesh/http/server.ts";
import { relay } from "../../scripts/mesh/relay/relay.ts";
import { type ManifestDocument, parseDocuments } from "../../scripts/manifests/document.ts";
import { formatProblem, type Problem } from "../../scripts/manifests/problem.ts";
import { collectResources } from "../../scripts/manifests/resources.ts";
import { compilePlan } from "../../scripts/traffic/compile/compile.ts";
import type { RouteTable } from "../../scripts/traffic/table.ts";
import { ask } from "./send-request.ts";
import type { Wish } from "./cases.ts";
import { ECHOES, MIRROR } from "./echo-names.ts";
import { type Echo, startEcho } from "./echo.ts";
import { knativeServices, type Manifest, NAMESPACE } from "./manifests.ts";
import { type Answer, Copies, type Seen } from "./answer-schema.ts";
import { COPIES_PATH } from "./echo.ts";
import { Parse } from "typebox/value";

/** Echoes on this machine, one for each revision, which all meshes of a run share. */
export class LocalEchoes implements Disposable {
  readonly #echoes = ECHOES.map((revision): [string, Echo] => [
    revision,
    startEcho(revision, "127.0.0.1", 0),
  ]);

  /** The client of a revision (`namespace/name`). */
  connect(revision: string): HttpClient {
    const [, echo] = this.#echoes.find(([name]) => `${NAMESPACE}/${name}` === revision) ?? [];
    if (echo === undefined) throw new Error(`there is no echo ${revision}`);
    return new HttpClient("127.0.0.1", echo.port);
  }

  /** The copies since the last call, by case. */
  async copies(): Promise<Map<string, Seen[]>> {
    const client = this.connect(`${NAMESPACE}/${MIRROR}`);
    const wish = { method: "GET", target: COPIES_PATH, headers: [], body: "" };
    const { body } = await ask(client, "echo", wish, "");
    return new Map(Parse(Copies, JSON.parse(body)));
  }

  [Symbol.dispose](): void {
    for (const [, echo] of this.#echoes) echo.stop();
  }
}

/** The table of manifests. @throws when the mesh refuses them */
export function tableOf(manifests: readonly Manifest[]): RouteTable {
  const all = [...knativeServices(), ...manifests];
  const documents = all.flatMap((manifest, i) => documentsOf(`${i}.yaml`, manifest));
  const { resources, problems } = collectResources(documents);
  refuse(problems);
  const compiled = compilePlan(resources, "localhost");
  refuse(compiled.problems);
  return compiled.plan.table;
}

/** Cached by file and content, because most manifests are the same in all tables. */
const parsedBefore = new Map<string, readonly ManifestDocument[]>();

function documentsOf(file: string, manifest: Manifest): readonly ManifestDocument[] {
  const key = `${file} ${JSON.stringify(manifest)}`;
  const known = parsedBefore.get(key);
  if (known !== undefined) return known;
  const { documents, problems } = parseDocuments(file, stringify(manifest));
  refuse(problems);
  parsedBefore.set(key, documents);
  return documents;
}

function refuse(problems: readonly Problem[]): void {
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(formatProblem).join("\n"));
}

/** The local mesh with one table: the real listener, relay and client, with echoes in place of processes. */
export class MeshSide implements Disposable {
  /** The port of its ingress. */
  get port(): number {
    return this.#server.port;
  }

  /** The random number in [0, 1), or a function that returns it. */
  draw: number | (() => number) = 0;
  /** Whether some rule has several destinations. */
  readonly leavesToChance: boolean;
  readonly #server: HttpServer;
  readonly #client: HttpClient;

  constructor(table: RouteTable, echoes: LocalEchoes) {
    this.leavesToChance = [...table.listeners.ingress.exact.values()].some((rules) =>
      rules.some(({ action }) => action.kind === "forward" && action.destinations.length > 1),
    );
    const generation = {
      table,
      reserve: (revision: string) => {
        // A new connection, because the handling of reused connections is not compared.
        const client = echoes.connect(revision);
        return { client, cold: false, release: () => void client.close() };
      },
      revisionTimeoutMs: () => Number.POSITIVE_INFINITY,
    };
    this.#server = serveHttp({
      hostname: "127.0.0.1",
      port: 0,
      onExchange: (exchange) =>
        relay(exchange, "ingress", {
          generation: () => generation,
          random: () => (typeof this.draw === "number" ? this.draw : this.draw()),
          newRequestId: () => crypto.randomUUID(),
          onServed() {},
        }),
    });
    this.#client = new HttpClient("127.0.0.1", this.#server.port);
  }

  ask(host: string, wish: Wish, name: string): Promise<Answer> {
    return ask(this.#client, host, wish, name);
  }

  [Symbol.dispose](): void {
    this.#server.terminate();
  }
}
