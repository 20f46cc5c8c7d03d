import type { Static, TSchema } from "typebox";
import { Check } from "typebox/schema";
import type { Connection } from "./connection.ts";
import { type Kind, KubeList, KubeObject, nameOf, type ObjectRef, ResourceList, Status } from "./objects.ts";

/** The API server refused a request. */
export class ApiError extends Error {
  readonly code: number;
  /** The machine's word for it, such as `NotFound` or `Conflict`. */
  readonly reason: string;
  readonly status: Status | undefined;

  constructor(what: string, code: number, status: Status | undefined) {
    super(`${what}: ${status?.message ?? `the API server answered ${code}`}`);
    this.code = code;
    this.reason = status?.reason ?? "";
    this.status = status;
  }
}

export interface ApplyOptions {
  fieldManager: string;
  /** Takes fields over that another manager holds. */
  force?: boolean;
  dryRun?: boolean;
}

export interface ListOptions {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
}

/** Kubernetes objects as plain data, over one connection. Kinds are looked up by discovery, once each. */
export class Kube {
  readonly connection: Connection;
  readonly #kinds = new Map<string, Promise<Static<typeof ResourceList>["resources"]>>();

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** The object, or undefined when it is not there. */
  async get(ref: ObjectRef): Promise<KubeObject | undefined> {
    const path = await this.path(ref, ref.namespace, ref.name);
    if (path === undefined) return undefined;
    return this.#object(`cannot read ${nameOf(ref)}`, path).catch(undefinedIfMissing);
  }

  /** All objects of a kind; none where the cluster does not know the kind. */
  async list(
    kind: Kind,
    options: ListOptions = {},
  ): Promise<{ items: KubeObject[]; resourceVersion: string }> {
    const path = await this.path(kind, options.namespace);
    if (path === undefined) return { items: [], resourceVersion: "" };
    const items: KubeObject[] = [];
    let resourceVersion = "";
    let next: string | undefined;
    do {
      const query = new URLSearchParams({ limit: "500" });
      if (options.labelSelector !== undefined) query.set("labelSelector", options.labelSelector);
      if (next) query.set("continue", next);
      const page = await this.json(`cannot list ${kind.kind}`, `${path}?${query}`, KubeList);
      resourceVersion = page.metadata.resourceVersion ?? "";
      // The items of a list leave out what the list says for all of them.
      for (const item of page.items)
        items.push(parse(KubeObject, { ...kind, ...(item as object) }, `an item of ${path}`));
      next = page.metadata.continue;
    } while (next);
    return { items, resourceVersion };
  }

  /** Server-side apply. @throws ApiError with code 409 when another manager holds a field */
  async apply(object: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const { metadata } = object;
    const path = await this.#knownPath(object, metadata.namespace, metadata.name);
    const query = new URLSearchParams({ fieldManager: options.fieldManager });
    if (options.force) query.set("force", "true");
    if (options.dryRun) query.set("dryRun", "All");
    return this.#object(`cannot apply ${describe(object)}`, `${path}?${query}`, {
      method: "PATCH",
      headers: { "content-type": "application/apply-patch+yaml" },
      body: JSON.stringify(object),
    });
  }

  async create(object: KubeObject): Promise<KubeObject> {
    const path = await this.#knownPath(object, object.metadata.namespace);
    return this.#object(`cannot create ${describe(object)}`, path, json("POST", object));
  }

  /**
   * Replaces an object by what was read and changed.
   * @throws ApiError with code 409 when somebody else changed it since (by resourceVersion)
   */
  async replace(object: KubeObject, fieldManager: string): Promise<KubeObject> {
    const path = await this.#knownPath(object, object.metadata.namespace, object.metadata.name);
    const query = new URLSearchParams({ fieldManager });
    return this.#object(`cannot change ${describe(object)}`, `${path}?${query}`, json("PUT", object));
  }

  /** JSON merge patch (RFC 7396). */
  async patch(ref: ObjectRef, patch: object, fieldManager: string): Promise<KubeObject> {
    const path = await this.#knownPath(ref, ref.namespace, ref.name);
    const query = new URLSearchParams({ fieldManager });
    return this.#object(`cannot change ${nameOf(ref)}`, `${path}?${query}`, {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: JSON.stringify(patch),
    });
  }

  /** Deletes an object with all that it owns; whether it was there. */
  async delete(ref: ObjectRef): Promise<boolean> {
    const path = await this.path(ref, ref.namespace, ref.name);
    if (path === undefined) return false;
    const options = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Background" };
    try {
      await this.send(`cannot delete ${nameOf(ref)}`, path, json("DELETE", options));
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return false;
      throw error;
    }
  }

  /**
   * A request whose answer is a document of this schema.
   * @throws ApiError when it is refused
   */
  async json<S extends TSchema>(
    what: string,
    path: string,
    schema: S,
    init?: RequestInit,
  ): Promise<Static<S>> {
    const response = await this.send(what, path, init);
    return parse(schema, await response.json(), path);
  }

  /** A request whose answer is good. @throws ApiError when it is not */
  async send(what: string, path: string, init?: RequestInit): Promise<Response> {
    const response = await this.connection.send(path, init);
    if (response.ok) return response;
    const body: unknown = await response.json().catch(() => undefined);
    throw new ApiError(what, response.status, Check(Status, body) ? body : undefined);
  }

  /** The path of a kind's objects, or of one of them; undefined where the cluster does not know the kind. */
  async path(kind: Kind, namespace: string | undefined, name?: string): Promise<string | undefined> {
    const { apiVersion } = kind;
    const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    let known = this.#kinds.get(apiVersion);
    if (known === undefined) {
      known = this.#discover(group);
      this.#kinds.set(apiVersion, known);
      // A group that is not there may be installed later: only what was found is remembered.
      known
        .then((found) => found.length === 0 && this.#kinds.delete(apiVersion))
        .catch(() => this.#kinds.delete(apiVersion));
    }
    const resource = (await known).find((found) => found.kind === kind.kind && !found.name.includes("/"));
    if (resource === undefined) return undefined;
    const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${namespace}` : "";
    return `${group}${scope}/${resource.name}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
  }

  async #knownPath(kind: Kind, namespace: string | undefined, name?: string): Promise<string> {
    const path = await this.path(kind, namespace, name);
    if (path !== undefined) return path;
    this.#kinds.delete(kind.apiVersion);
    throw new ApiError(`cannot find the kind ${kind.kind}`, 404, {
      kind: "Status",
      reason: "NoSuchKind",
      message: `this cluster does not know ${kind.kind} of ${kind.apiVersion}: is what defines it installed?`,
    });
  }

  async #discover(group: string): Promise<Static<typeof ResourceList>["resources"]> {
    const found = await this.json(`cannot look up ${group}`, group, ResourceList).catch(undefinedIfMissing);
    return found?.resources ?? [];
  }

  #object(what: string, path: string, init?: RequestInit): Promise<KubeObject> {
    return this.json(what, path, KubeObject, init);
  }
}

function json(method: string, body: object): RequestInit {
  return { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

function parse<S extends TSchema>(schema: S, value: unknown, where: string): Static<S> {
  if (Check(schema, value)) return value;
  throw new Error(`${where} is not what the Kubernetes API promises`);
}

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof ApiError && error.code === 404) return undefined;
  throw error;
}

function describe(object: KubeObject): string {
  const { kind, apiVersion, metadata } = object;
  return nameOf({ kind, apiVersion, name: metadata.name, namespace: metadata.namespace });
}
