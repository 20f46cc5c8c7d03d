import { Parse } from "typebox/value";
import { HttpClient } from "../../scripts/mesh/http/client.ts";
import { Kube } from "../../scripts/cluster/kube/client.ts";
import { connect } from "../../scripts/cluster/kube/connection.ts";
import { deleteAndWait } from "../../scripts/cluster/kube/delete-and-wait.ts";
import { findIngress } from "../../scripts/cluster/ingress.ts";
import { ask } from "./send-request.ts";
import { eachAtOnce } from "./each-at-once.ts";
import type { Rule, Wish } from "./cases.ts";
import { ECHOES, MIRROR } from "./echo-names.ts";
import { COPIES_PATH } from "./echo.ts";
import { echoManifests, hostOf, type Manifest, NAMESPACE, readyPath, tableManifest } from "./manifests.ts";
import { type Answer, Copies, type Seen } from "./answer-schema.ts";

const FIELD_MANAGER = "kyc-differential";
const READY_WITHIN_MS = 120_000;
// More would only wait for each other at the API server.
const AT_ONCE = 12;

/** The ingress gateway of a cluster, with echoes behind it in their own namespace. */
export class EnvoySide implements AsyncDisposable {
  /** The local port of the ingress gateway. */
  readonly port: number;
  readonly #kube: Kube;
  readonly #client: HttpClient;
  readonly #keep: boolean;

  private constructor(kube: Kube, hostname: string, port: number, keep: boolean) {
    this.port = port;
    this.#kube = kube;
    this.#client = new HttpClient(hostname, port);
    this.#keep = keep;
  }

  /** Deploys the echoes, unless they are there. */
  static async open(options: {
    context: string | undefined;
    image: string;
    keep: boolean;
    program: string;
  }): Promise<EnvoySide> {
    const kube = new Kube(connect({ context: options.context }));
    const { url } = await findIngress({ kube });
    const { hostname, port } = new URL(url);
    const side = new EnvoySide(kube, hostname, Number(port || 80), options.keep);
    for (const manifest of echoManifests(options.program, options.image)) await side.#apply(manifest);
    await side.#untilReady(ECHOES.map((revision) => `copies-${revision}`));
    for (const revision of ECHOES)
      await within(`${revision} answers`, async () => (await side.#copiesOf(revision)).status === 200);
    return side;
  }

  /** Applies tables, by name, and waits. @throws when they are not in force in time */
  async use(tables: ReadonlyMap<string, readonly Rule[]>): Promise<void> {
    await eachAtOnce(AT_ONCE, [...tables], async ([table, rules]) =>
      this.#apply(tableManifest(table, rules)),
    );
    await this.#untilReady([...tables.keys()]);
  }

  async forget(tables: Iterable<string>): Promise<void> {
    const [kind, apiVersion] = ["VirtualService", "networking.istio.io/v1"];
    await eachAtOnce(AT_ONCE, [...tables], async (name) => {
      await this.#kube.delete({ apiVersion, kind, name, namespace: NAMESPACE });
    });
  }

  ask(host: string, wish: Wish, name: string): Promise<Answer> {
    return ask(this.#client, host, wish, name);
  }

  /** The copies since the last call, by case. */
  async copies(): Promise<Map<string, Seen[]>> {
    const { body } = await this.#copiesOf(MIRROR);
    return new Map(Parse(Copies, JSON.parse(body)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
    if (this.#keep) return;
    const ref = { apiVersion: "v1", kind: "Namespace", name: NAMESPACE };
    await deleteAndWait(this.#kube, ref, { timeoutMs: READY_WITHIN_MS });
  }

  #copiesOf(revision: string): Promise<Answer> {
    const wish = { method: "GET", target: COPIES_PATH, headers: [], body: "" };
    return this.ask(hostOf(`copies-${revision}`), wish, "");
  }

  async #apply(manifest: Manifest): Promise<void> {
    await this.#kube.apply(manifest, { fieldManager: FIELD_MANAGER, force: true });
  }

  async #untilReady(tables: readonly string[]): Promise<void> {
    await eachAtOnce(AT_ONCE, tables, async (table) => {
      const wish = { method: "GET", target: readyPath(table), headers: [], body: "" };
      await within(
        `${table} is in force`,
        async () => (await this.ask(hostOf(table), wish, "")).status === 200,
      );
    });
  }
}

async function within(what: string, holds: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + READY_WITHIN_MS;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`not in ${READY_WITHIN_MS / 1000} s: ${what}`);
    await Bun.sleep(100);
  }
}
