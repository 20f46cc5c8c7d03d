import { Kube } from "../../cluster/kube/client.ts";
import type { ApiRequest, Connection } from "../../cluster/kube/connection.ts";

interface Stored {
  metadata: { name: string; resourceVersion?: string };
  data?: Record<string, string | null> | undefined;
}

const KINDS = {
  "/api/v1": [{ name: "configmaps", kind: "ConfigMap", namespaced: true }],
  "/apis/coordination.k8s.io/v1": [{ name: "leases", kind: "Lease", namespaced: true }],
} as const;

/** ConfigMaps and Leases in memory with the rules of an API server: a write over an older version is refused. */
export class ObjectStore implements Connection {
  readonly context = "memory";
  readonly server = "https://memory";
  readonly namespace = undefined;
  readonly kube = new Kube(this);
  /** If set, every request fails. */
  isDown = false;
  readonly #objects = new Map<string, Stored>();
  #version = 0;

  async send(path: string, { method = "GET", body }: ApiRequest = {}): Promise<Response> {
    if (this.isDown) throw new Error("the API server does not answer");
    const [place = ""] = path.split("?");
    const kinds = Object.entries(KINDS).find(([group]) => group === place)?.[1];
    if (kinds !== undefined) return Response.json({ resources: kinds });
    const found = this.#objects.get(place);
    if (method === "GET") return found === undefined ? refuse(404, "NotFound") : Response.json(found);
    const given = JSON.parse(body ?? "{}") as Stored;
    if (method === "POST") return this.#create(`${place}/${given.metadata.name}`, given);
    if (found === undefined) return refuse(404, "NotFound");
    const { resourceVersion } = given.metadata ?? {};
    if (resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion)
      return refuse(409, "Conflict");
    return this.#put(place, method === "PUT" ? given : merged(found, given));
  }

  open(path: string, request?: ApiRequest): Promise<Response> {
    return this.send(path, request);
  }

  #create(place: string, given: Stored): Response {
    return this.#objects.has(place) ? refuse(409, "AlreadyExists") : this.#put(place, given);
  }

  #put(place: string, given: Stored): Response {
    const resourceVersion = String(++this.#version);
    const stored = { ...given, metadata: { ...given.metadata, resourceVersion } };
    this.#objects.set(place, stored);
    return Response.json(stored);
  }
}

function merged(found: Stored, { data }: Stored): Stored {
  const all = Object.entries({ ...found.data, ...data }).filter(([, value]) => value !== null);
  return { ...found, data: Object.fromEntries(all) };
}

function refuse(code: number, reason: string): Response {
  return Response.json({ kind: "Status", reason, code, message: reason }, { status: code });
}
