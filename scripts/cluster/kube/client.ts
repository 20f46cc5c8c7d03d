import Type, { type Static, type TSchema } from "typebox";
import { Check } from "typebox/schema";
import { ApiError } from "./api-error.ts";
import type { ApiRequest, Connection } from "./connection.ts";
import { Discovery, type Place } from "./discovery.ts";
import {
  type Kind,
  KubeList,
  KubeObject,
  nameOf,
  type ObjectRef,
  parse,
  refOf,
  ResourceList,
} from "./kube-object.ts";
import { queryOf } from "./query.ts";
import { type Attempts, type RepeatOptions, Repeats } from "./repeats.ts";
import {
  type ApplyOptions,
  type DeleteOptions,
  type ListOptions,
  type RequestOptions,
  write,
  type WriteOptions,
  writeQuery,
} from "./request-options.ts";
import { hasWritten } from "./written.ts";

/** All objects of a kind, and the resource version from which a watch continues. */
export interface Listed {
  items: KubeObject[];
  resourceVersion: string;
}

const PAGE_SIZE = 500;

/** A patch that applies only to the state of the object that was read. */
const Guarded = Type.Object({ metadata: Type.Object({ resourceVersion: Type.String() }) });

interface GuardedWrite {
  /** The beginning of an error message. */
  what: string;
  /** The object's path. */
  path: string;
  /** The path and the query to which the request is sent. */
  url: string;
  request: ApiRequest;
  /** Whether sending it again can neither take effect twice nor undo a change of another writer. */
  isGuarded: boolean;
}

/**
 * Reads and writes Kubernetes objects as plain data. Kinds are looked up by discovery, once each. Integers beyond
 * 2^53, which no kind here has, would be inexact. Reads that fail temporarily are repeated. A write with an unknown
 * outcome, because its response is lost or a 5xx, is repeated only if it cannot take effect twice or overwrite
 * another writer's change in the meantime.
 */
export class Kube {
  readonly connection: Connection;
  readonly #discovery = new Discovery((group) => this.#resources(group));
  readonly #repeats: Repeats;

  constructor(connection: Connection, repeats: RepeatOptions = {}) {
    this.connection = connection;
    this.#repeats = new Repeats(repeats);
  }

  /** Returns the object, or undefined if it does not exist, or its kind is not installed. */
  async get(ref: ObjectRef, options: RequestOptions = {}): Promise<KubeObject | undefined> {
    const path = await this.#discovery.path(ref, ref);
    if (path === undefined) return undefined;
    return this.#object(`cannot read ${nameOf(ref)}`, path, options).catch(undefinedIfNotFound);
  }

  /** Returns all objects of a kind; none if the kind is not installed. */
  async list(kind: Kind, options: ListOptions = {}): Promise<Listed> {
    const path = await this.#discovery.path(kind, { namespace: options.namespace });
    if (path === undefined) return { items: [], resourceVersion: "" };
    try {
      return await this.#list(kind, path, options, PAGE_SIZE);
    } catch (error) {
      // A continue token expires after some minutes. Then the list is read again without pages.
      if (!(error instanceof ApiError && error.code === 410)) throw error;
      return this.#list(kind, path, options);
    }
  }

  /**
   * Server-side apply. A field that the kind does not have is refused, as kubectl does, and not dropped in silence.
   * @throws ApiError with code 409 if another manager owns a field; its status has the field and the manager
   */
  async apply(object: KubeObject, { force, ...options }: ApplyOptions): Promise<KubeObject> {
    const query = { fieldValidation: "Strict", ...(force ? { force: "true" } : {}) };
    const path = await this.path(object, object.metadata);
    return this.#write(object, {
      what: `cannot apply ${nameOf(refOf(object))}`,
      path,
      url: path + writeQuery(options, query),
      // JSON is YAML.
      request: write("PATCH", "application/apply-patch+yaml", object, options),
      // With force, it would also overwrite later changes of another manager.
      isGuarded: force !== true,
    });
  }

  /** @throws ApiError with code 409 if it already exists */
  async create(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    const path = await this.path(object, object.metadata);
    const all = path.slice(0, path.lastIndexOf("/"));
    const query = writeQuery(options, { fieldValidation: "Strict" });
    return this.#write(object, {
      what: `cannot create ${nameOf(refOf(object))}`,
      path,
      url: all + query,
      request: write("POST", "application/json", object, options),
      isGuarded: true,
    });
  }

  /**
   * Replaces an object by a changed copy.
   * @throws ApiError with code 409 if it was changed since it was read (by resourceVersion)
   */
  async replace(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    const what = `cannot change ${nameOf(refOf(object))}`;
    // Without it the API server would overwrite later changes.
    if (!object.metadata.resourceVersion) throw new Error(`${what}: it has no resourceVersion`);
    const path = await this.path(object, object.metadata);
    return this.#write(object, {
      what,
      path,
      url: path + writeQuery(options),
      request: write("PUT", "application/json", object, options),
      isGuarded: true,
    });
  }

  /**
   * Applies a JSON merge patch (RFC 7396): null removes a field, and a list is replaced as a whole.
   * @throws ApiError with code 409 if its resourceVersion differs from the patch's
   */
  async patch(ref: ObjectRef, patch: object, options: WriteOptions): Promise<KubeObject> {
    const path = await this.path(ref, ref);
    return this.#write(patch, {
      what: `cannot change ${nameOf(ref)}`,
      path,
      url: path + writeQuery(options),
      request: write("PATCH", "application/merge-patch+json", patch, options),
      isGuarded: Check(Guarded, patch),
    });
  }

  /**
   * Deletes an object and its dependents, without waiting.
   * @returns whether it existed
   * @throws ApiError with code 409 if it has another uid
   */
  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<boolean> {
    const { propagation = "Background", uid, signal } = options;
    const path = await this.#discovery.path(ref, ref);
    if (path === undefined) return false;
    const body = {
      kind: "DeleteOptions",
      apiVersion: "v1",
      propagationPolicy: propagation,
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    };
    const request = write("DELETE", "application/json", body, { signal });
    const answer = await this.send(`cannot delete ${nameOf(ref)}`, path, request).catch(undefinedIfNotFound);
    return answer !== undefined;
  }

  /**
   * Sends a request and parses the JSON response by a schema.
   * @param what the beginning of the error message, such as `cannot list Pod`
   * @throws ApiError if it is refused
   */
  async json<S extends TSchema>(
    what: string,
    path: string,
    schema: S,
    request?: ApiRequest,
  ): Promise<Static<S>> {
    const response = await this.send(what, path, request);
    return parse(schema, await jsonIn(response), `${what}: the answer to ${path}`);
  }

  /** Sends a request and reads the whole response. @throws ApiError if it is refused */
  send(what: string, path: string, request: ApiRequest = {}): Promise<Response> {
    return this.#repeated(what, request, () => this.connection.send(path, request));
  }

  /** Sends a request whose response is a stream. @throws ApiError if it is refused */
  open(what: string, path: string, request: ApiRequest = {}): Promise<Response> {
    return this.#repeated(what, request, () => this.connection.open(path, request));
  }

  /** Sends a request until it is answered well, or not to be repeated. */
  async #repeated(
    what: string,
    { method = "GET", isRead = method === "GET", signal }: ApiRequest,
    ask: () => Promise<Response>,
  ): Promise<Response> {
    const attempts = this.#repeats.request(signal);
    for (;;) {
      try {
        return await this.#answer(what, ask(), attempts);
      } catch (error) {
        await attempts.again(error, isRead);
      }
    }
  }

  /**
   * Sends a write. If an attempt may have taken effect although its response is lost, the API server refuses the next
   * one by 409; the stored object then shows whose change it is.
   */
  async #write(written: object, { what, path, url, request, isGuarded }: GuardedWrite): Promise<KubeObject> {
    const attempts = this.#repeats.request(request.signal);
    for (let mayBeDone = false; ;) {
      try {
        const response = await this.#answer(what, this.connection.send(url, request), attempts);
        return parse(KubeObject, await jsonIn(response), `${what}: the answer to ${url}`);
      } catch (error) {
        const code = error instanceof ApiError ? error.code : undefined;
        if (mayBeDone && code === 409) {
          const found = await this.#object(what, path, { signal: request.signal }).catch(undefinedIfNotFound);
          if (found !== undefined && hasWritten(found, written)) return found;
        }
        await attempts.again(error, isGuarded);
        mayBeDone ||= code !== 429;
      }
    }
  }

  async #answer(what: string, sent: Promise<Response>, { succeeded }: Attempts): Promise<Response> {
    const response = await sent;
    if (!response.ok) throw await ApiError.refusal(what, response, this.connection);
    succeeded();
    return response;
  }

  /**
   * Returns the path of a kind's objects, or of one of them.
   * @throws ApiError with reason `NoSuchKind` if the cluster does not know the kind
   */
  async path(kind: Kind, { namespace, name }: Place): Promise<string> {
    const path = await this.#discovery.path(kind, { namespace, name });
    if (path === undefined) throw ApiError.noSuchKind(kind);
    return path;
  }

  async #list(kind: Kind, path: string, options: ListOptions, limit?: number): Promise<Listed> {
    const { namespace, labelSelector, fieldSelector, signal } = options;
    const what = `cannot list ${kind.kind}${namespace === undefined ? "" : ` in ${namespace}`}`;
    const items: KubeObject[] = [];
    let from: string | undefined;
    for (;;) {
      const query = queryOf({ limit: limit?.toString(), labelSelector, fieldSelector, continue: from });
      const { metadata, items: page } = await this.json(what, path + query, KubeList, { signal });
      // The items of a list have no apiVersion and kind.
      const ofAll = { apiVersion: kind.apiVersion, kind: kind.kind };
      for (const item of page ?? []) items.push(parse(KubeObject, { ...ofAll, ...item }, `${what}: an item`));
      if (!metadata.continue) return { items, resourceVersion: metadata.resourceVersion ?? "" };
      from = metadata.continue;
    }
  }

  async #resources(group: string): Promise<Static<typeof ResourceList>["resources"]> {
    // An unknown group is not an error. Its 404 is plain text, not a Status.
    const found = await this.json(`cannot look up ${group}`, group, ResourceList).catch((error: unknown) => {
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    });
    return found?.resources ?? [];
  }

  #object(what: string, path: string, request: ApiRequest): Promise<KubeObject> {
    return this.json(what, path, KubeObject, request);
  }
}

async function jsonIn(response: Response): Promise<unknown> {
  return response.json().catch(() => undefined);
}

function undefinedIfNotFound(error: unknown): undefined {
  if (error instanceof ApiError && error.reason === "NotFound") return undefined;
  throw error;
}
