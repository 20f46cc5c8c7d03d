import { Kube } from "../kube/client.ts";
import type { ApiRequest, Connection } from "../kube/connection.ts";
import type { KubeObject, ObjectRef } from "../kube/kube-object.ts";
import { BUILT_IN, type FakeKind, groupPath } from "./fake-kinds.ts";
import { FakeWatches, selection } from "./fake-watches.ts";

/**
 * A cluster in memory, behind the connection that the real client uses: objects by path, discovery, watches, server-side
 * apply as a deep merge, merge patch. Nothing runs in it; `react` plays the controllers.
 */
export class FakeCluster implements Connection {
  readonly context: string;
  readonly server = "https://fake:6443";
  readonly namespace = undefined;
  /** The writes in order: method and path. */
  readonly writes: string[] = [];
  /** Called after each write with the resulting object, undefined if it was deleted. */
  react: (object: KubeObject | undefined, path: string) => void = () => undefined;
  version = "v1.34.0";
  /** Answers in place of the cluster, to play a fault. */
  fault: (method: string, path: string) => Response | undefined = () => undefined;
  readonly watches = new FakeWatches();
  readonly #kinds = new Map<string, FakeKind>();
  readonly #objects = new Map<string, KubeObject>();
  #revision = 0;

  constructor(context = "fake", objects: readonly KubeObject[] = []) {
    this.context = context;
    for (const kind of BUILT_IN) this.know(kind);
    for (const object of objects) this.put(object);
  }

  get kube(): Kube {
    return new Kube(this);
  }

  /** Makes a kind known, as its definition would. */
  know(kind: FakeKind): void {
    this.#kinds.set(`${kind.apiVersion}/${kind.kind}`, kind);
  }

  /** Puts an object there, without telling `react`. */
  put(object: KubeObject): void {
    this.#learn(this.#set(this.#pathOf(object), object));
  }

  get(ref: ObjectRef): KubeObject | undefined {
    return this.#objects.get(this.#pathOf({ ...ref, metadata: ref }));
  }

  remove(ref: ObjectRef): void {
    this.#drop(this.#pathOf({ ...ref, metadata: ref }));
  }

  /** Drops the history of changes: a watch from an earlier version must list again. */
  forget(): void {
    this.watches.forget(++this.#revision);
    this.watches.end();
  }

  /** All objects by kind, namespace and name, in order. */
  get names(): string[] {
    return [...this.#objects.values()]
      .map(
        ({ kind, metadata }) =>
          `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ""}${metadata.name}`,
      )
      .sort();
  }

  async send(path: string, { method = "GET", body, signal }: ApiRequest = {}): Promise<Response> {
    signal?.throwIfAborted();
    const faulty = this.fault(method, path);
    if (faulty !== undefined) return faulty;
    const url = new URL(path, this.server);
    if (url.pathname === "/apis") return this.#groups();
    if (url.pathname === "/version") return Response.json({ gitVersion: this.version });
    const group = /^\/(?:api|apis\/[^/]+)\/[^/]+$/.exec(url.pathname)?.[0];
    if (group !== undefined) return this.#discover(group.replace(/^\/apis?\//, ""));
    const given = body === undefined ? undefined : (JSON.parse(body) as KubeObject);
    if (url.searchParams.has("dryRun"))
      return Response.json(merged(this.#objects.get(url.pathname) ?? {}, given));
    if (method !== "GET") this.writes.push(`${method} ${url.pathname}`);
    switch (method) {
      case "GET":
        return this.#read(url, signal);
      case "POST":
        return this.#write(`${url.pathname}/${given?.metadata.name}`, given, 409);
      case "PUT":
        return this.#write(url.pathname, given);
      case "PATCH":
        return this.#patch(url.pathname, given);
      default:
        return this.#delete(url.pathname);
    }
  }

  open(path: string, request?: ApiRequest): Promise<Response> {
    return this.send(path, request);
  }

  #groups(): Response {
    const versions = new Set([...this.#kinds.values()].map(({ apiVersion }) => apiVersion));
    versions.delete("v1");
    return Response.json({
      groups: [...versions].map((groupVersion) => ({ preferredVersion: { groupVersion } })),
    });
  }

  #discover(apiVersion: string): Response {
    const kinds = [...this.#kinds.values()].filter((kind) => kind.apiVersion === apiVersion);
    if (kinds.length === 0) return refusal(404, "NotFound");
    return Response.json({
      resources: kinds.map(({ plural, kind, namespaced }) => ({
        name: plural,
        kind,
        namespaced,
        verbs: ["list"],
      })),
    });
  }

  #read(url: URL, signal: AbortSignal | undefined): Response {
    const kind = [...this.#kinds.values()].find(
      (each) => url.pathname.startsWith(`${groupPath(each)}/`) && url.pathname.endsWith(`/${each.plural}`),
    );
    const one = this.#objects.get(url.pathname);
    if (one !== undefined) return Response.json(one);
    if (kind === undefined) return refusal(404, "NotFound");
    const namespace = /\/namespaces\/([^/]+)\//.exec(url.pathname)?.[1];
    const query = (name: string): string => url.searchParams.get(name) ?? "";
    const selected = selection(query("labelSelector"), query("fieldSelector"));
    const selects = (object: KubeObject): boolean =>
      object.kind === kind.kind &&
      object.apiVersion === kind.apiVersion &&
      (namespace === undefined || object.metadata.namespace === namespace) &&
      selected(object);
    if (query("watch") !== "") return this.watches.answer(selects, Number(query("resourceVersion")), signal);
    const items = [...this.#objects.values()].filter(selects);
    return Response.json({ metadata: { resourceVersion: `${this.#revision}` }, items });
  }

  #patch(path: string, patch: KubeObject | undefined): Response {
    const before = this.#objects.get(path);
    if (before === undefined && patch?.kind === undefined) return refusal(404, "NotFound");
    return this.#write(path, merged(before ?? {}, patch) as KubeObject);
  }

  #write(path: string, object: KubeObject | undefined, ifThere?: number): Response {
    if (object === undefined) return refusal(400, "BadRequest");
    if (ifThere !== undefined && this.#objects.has(path)) return refusal(ifThere, "AlreadyExists");
    const written = this.#set(path, object);
    this.#learn(written);
    this.react(written, path);
    return Response.json(this.#objects.get(path) ?? written);
  }

  #delete(path: string): Response {
    const object = this.#objects.get(path);
    if (object === undefined) return refusal(404, "NotFound");
    this.#drop(path);
    this.react(undefined, path);
    return Response.json({ kind: "Status", status: "Success" });
  }

  #set(path: string, object: KubeObject): KubeObject {
    const type = this.#objects.has(path) ? "MODIFIED" : "ADDED";
    const metadata = { ...object.metadata, resourceVersion: `${++this.#revision}` };
    const written = { ...object, metadata };
    this.#objects.set(path, written);
    this.watches.happened(type, written, this.#revision);
    return written;
  }

  #drop(path: string): void {
    const object = this.#objects.get(path);
    if (object === undefined) return;
    this.#objects.delete(path);
    const metadata = { ...object.metadata, resourceVersion: `${++this.#revision}` };
    this.watches.happened("DELETED", { ...object, metadata }, this.#revision);
  }

  /** A definition makes its kind known, and is established at once. */
  #learn(object: KubeObject): void {
    if (object.kind !== "CustomResourceDefinition") return;
    const { group, names, scope, versions } = object["spec"] as Definition;
    for (const { name } of versions)
      this.know({
        apiVersion: `${group}/${name}`,
        kind: names.kind,
        plural: names.plural,
        namespaced: scope !== "Cluster",
      });
    object["status"] = { conditions: [{ type: "Established", status: "True" }] };
  }

  #pathOf({
    apiVersion,
    kind,
    metadata,
  }: Pick<KubeObject, "apiVersion" | "kind"> & { metadata: Named }): string {
    const known = this.#kinds.get(`${apiVersion}/${kind}`);
    if (known === undefined) throw new Error(`the fake cluster does not know ${kind} of ${apiVersion}`);
    const scope = known.namespaced ? `/namespaces/${metadata.namespace}` : "";
    return `${groupPath(known)}${scope}/${known.plural}/${metadata.name}`;
  }
}

interface Named {
  name: string;
  namespace?: string | undefined;
}

interface Definition {
  group: string;
  names: { kind: string; plural: string };
  scope: string;
  versions: { name: string }[];
}

/** RFC 7396: null removes. */
function merged(before: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof before === "object" && before !== null && !Array.isArray(before) ? { ...before } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

function refusal(code: number, reason: string): Response {
  return Response.json({ kind: "Status", code, reason, message: reason }, { status: code });
}
