import { Kube } from "../kube/client.ts";
import type { ApiRequest, Connection } from "../kube/connection.ts";
import type { Kind, KubeObject, ObjectRef } from "../kube/objects.ts";

interface FakeKind extends Kind {
  plural: string;
  namespaced: boolean;
}

// What every cluster knows.
const BUILT_IN: readonly FakeKind[] = [
  core("Namespace", "namespaces", false),
  core("Node", "nodes", false),
  core("Pod", "pods"),
  core("Service", "services"),
  core("ConfigMap", "configmaps"),
  core("Secret", "secrets"),
  core("ServiceAccount", "serviceaccounts"),
  { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true },
  {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    namespaced: false,
  },
];

/**
 * A cluster in memory, behind the connection that the real client uses: objects by path, discovery, server-side apply
 * as a deep merge, merge patch. Nothing runs in it; `react` plays the controllers.
 */
export class FakeCluster implements Connection {
  readonly context: string;
  readonly server = "https://fake:6443";
  readonly namespace = undefined;
  /** What was written, in order: method and path. */
  readonly writes: string[] = [];
  /** Called after each write with the object as it is now, undefined when it was deleted. */
  react: (object: KubeObject | undefined, path: string) => void = () => undefined;
  version = "v1.34.0";
  /** Answers in place of the cluster, to play a fault. */
  fault: (method: string, path: string) => Response | undefined = () => undefined;
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
    const path = this.#pathOf(object);
    this.#objects.set(path, {
      ...object,
      metadata: { ...object.metadata, resourceVersion: `${++this.#revision}` },
    });
    this.#learn(object);
  }

  get(ref: ObjectRef): KubeObject | undefined {
    return this.#objects.get(this.#pathOf({ ...ref, metadata: ref }));
  }

  remove(ref: ObjectRef): void {
    this.#objects.delete(this.#pathOf({ ...ref, metadata: ref }));
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

  async send(path: string, { method = "GET", body }: ApiRequest = {}): Promise<Response> {
    const faulty = this.fault(method, path);
    if (faulty !== undefined) return faulty;
    const url = new URL(path, this.server);
    if (url.pathname === "/version") return Response.json({ gitVersion: this.version });
    const group = /^\/(?:api|apis\/[^/]+)\/[^/]+$/.exec(url.pathname)?.[0];
    if (group !== undefined) return this.#discover(group.replace(/^\/apis?\//, ""));
    const given = body === undefined ? undefined : (JSON.parse(body) as KubeObject);
    if (url.searchParams.has("dryRun"))
      return Response.json(merged(this.#objects.get(url.pathname) ?? {}, given));
    if (method !== "GET") this.writes.push(`${method} ${url.pathname}`);
    switch (method) {
      case "GET":
        return this.#read(url);
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

  #discover(apiVersion: string): Response {
    const kinds = [...this.#kinds.values()].filter((kind) => kind.apiVersion === apiVersion);
    if (kinds.length === 0) return refusal(404, "NotFound");
    return Response.json({
      resources: kinds.map(({ plural, kind, namespaced }) => ({ name: plural, kind, namespaced })),
    });
  }

  #read(url: URL): Response {
    const kind = [...this.#kinds.values()].find(
      (each) => url.pathname.startsWith(`${groupPath(each)}/`) && url.pathname.endsWith(`/${each.plural}`),
    );
    const one = this.#objects.get(url.pathname);
    if (one !== undefined) return Response.json(one);
    if (kind === undefined) return refusal(404, "NotFound");
    const namespace = /\/namespaces\/([^/]+)\//.exec(url.pathname)?.[1];
    const wanted = (url.searchParams.get("labelSelector") ?? "").split(",").filter((label) => label !== "");
    const items = [...this.#objects.values()].filter(
      (object) =>
        object.kind === kind.kind &&
        object.apiVersion === kind.apiVersion &&
        (namespace === undefined || object.metadata.namespace === namespace) &&
        wanted.every((label) => hasLabel(object, label)),
    );
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
    const written = { ...object, metadata: { ...object.metadata, resourceVersion: `${++this.#revision}` } };
    this.#objects.set(path, written);
    this.#learn(written);
    this.react(written, path);
    return Response.json(this.#objects.get(path) ?? written);
  }

  #delete(path: string): Response {
    const object = this.#objects.get(path);
    if (object === undefined) return refusal(404, "NotFound");
    this.#objects.delete(path);
    this.react(undefined, path);
    return Response.json({ kind: "Status", status: "Success" });
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

function groupPath({ apiVersion }: Kind): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function core(kind: string, plural: string, namespaced = true): FakeKind {
  return { apiVersion: "v1", kind, plural, namespaced };
}

function hasLabel({ metadata }: KubeObject, wanted: string): boolean {
  const [name = "", value] = wanted.split("=");
  const found = metadata.labels?.[name];
  return value === undefined ? found !== undefined : found === value;
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
