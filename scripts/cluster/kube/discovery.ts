import type { Kind } from "./kube-object.ts";

/** A kind as a version of an API group offers it. */
export interface Resource {
  /** The name in paths, such as `configmaps`. */
  name: string;
  kind: string;
  namespaced: boolean;
}

export interface Place {
  namespace?: string | undefined;
  name?: string | undefined;
}

/** Finds the paths of kinds. Each version of a group is looked up once, and again for a kind that it lacked. */
export class Discovery {
  readonly #lookUp: (groupPath: string) => Promise<Resource[]>;
  readonly #known = new Map<string, Promise<Resource[]>>();

  /** @param lookUp lists the resources at a path such as `/apis/apps/v1`; empty if there is no such path */
  constructor(lookUp: (groupPath: string) => Promise<Resource[]>) {
    this.#lookUp = lookUp;
  }

  /** Returns the path of a kind's objects, or of one of them; undefined if the cluster does not know the kind. */
  async path(kind: Kind, { namespace, name }: Place): Promise<string | undefined> {
    const group = `/${kind.apiVersion.includes("/") ? "apis" : "api"}/${kind.apiVersion}`;
    const resource = await this.#find(group, kind);
    if (resource === undefined) return undefined;
    if (!resource.namespaced) return join(group, resource.name, name);
    if (namespace !== undefined) return join(group, "namespaces", namespace, resource.name, name);
    // Without the namespace the path does not exist, and its 404 would look as if the object did not.
    if (name !== undefined) throw new Error(`${kind.kind} ${name} is in a namespace: say in which`);
    return join(group, resource.name);
  }

  async #find(group: string, { kind }: Kind): Promise<Resource | undefined> {
    // Names with a slash are subresources, such as status.
    const isIt = (resource: Resource): boolean => resource.kind === kind && !resource.name.includes("/");
    const known = this.#known.get(group);
    const found = (await known)?.find(isIt);
    if (found !== undefined) return found;
    // The kind may have been installed since. Concurrent lookups share one request.
    const newer = this.#known.get(group);
    return (await (newer === undefined || newer === known ? this.#ask(group) : newer)).find(isIt);
  }

  async #ask(group: string): Promise<Resource[]> {
    const asked = this.#lookUp(group);
    this.#known.set(group, asked);
    try {
      return await asked;
    } catch (error) {
      if (this.#known.get(group) === asked) this.#known.delete(group);
      throw error;
    }
  }
}

function join(...parts: (string | undefined)[]): string {
  const [group = "", ...rest] = parts.filter((part) => part !== undefined);
  return [group, ...rest.map(encodeURIComponent)].join("/");
}
