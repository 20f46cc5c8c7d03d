import type { KubeObject } from "../kube/kube-object.ts";

/** The selection of a list or a watch, by their common query. */
export type Selects = (object: KubeObject) => boolean;

interface Happened {
  type: "ADDED" | "MODIFIED" | "DELETED";
  object: KubeObject;
  revision: number;
}

interface Open {
  selects: Selects;
  stream: ReadableStreamDefaultController<Uint8Array>;
}

/** The watches of a fake cluster: each stream gets the events that it selects, from its resource version on. */
export class FakeWatches {
  readonly #open = new Set<Open>();
  #history: Happened[] = [];
  #forgotten = 0;

  /** The number of open streams. */
  get count(): number {
    return this.#open.size;
  }

  happened(type: Happened["type"], object: KubeObject, revision: number): void {
    this.#history.push({ type, object, revision });
    for (const { selects, stream } of this.#open) if (selects(object)) stream.enqueue(line(type, object));
  }

  /** Answers a watch that continues from a resource version. */
  answer(selects: Selects, from: number, signal: AbortSignal | undefined): Response {
    let entry: Open | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => {
        if (from < this.#forgotten) {
          stream.enqueue(line("ERROR", { kind: "Status", code: 410, reason: "Expired" }));
          return stream.close();
        }
        for (const { type, object, revision } of this.#history)
          if (revision > from && selects(object)) stream.enqueue(line(type, object));
        entry = { selects, stream };
        this.#open.add(entry);
        signal?.addEventListener("abort", () => {
          if (entry && this.#open.delete(entry)) stream.error(signal.reason);
        });
      },
      cancel: () => void (entry && this.#open.delete(entry)),
    });
    return new Response(body);
  }

  /** Ends all streams in order, as a server does from time to time. */
  end(): void {
    for (const { stream } of this.#open) stream.close();
    this.#open.clear();
  }

  /** Forgets earlier events: a watch from before gets an error, and must list again. */
  forget(revision: number): void {
    this.#history = [];
    this.#forgotten = revision;
  }
}

/** Evaluates a label selector and a field selector; both support only equality, and the existence of a label. */
export function selection(labels: string, fields: string): Selects {
  const wanted = labels.split(",").filter((label) => label !== "");
  const equal = fields.split(",").filter((field) => field !== "");
  return (object) =>
    wanted.every((label) => hasLabel(object, label)) && equal.every((field) => hasField(object, field));
}

function hasLabel({ metadata }: KubeObject, wanted: string): boolean {
  const [name = "", value] = wanted.split("=");
  const found = metadata.labels?.[name];
  return value === undefined ? found !== undefined : found === value;
}

function hasField(object: KubeObject, wanted: string): boolean {
  const [path = "", value] = wanted.split("=");
  let found: unknown = object;
  for (const name of path.split("."))
    found = typeof found === "object" && found !== null ? Reflect.get(found, name) : undefined;
  return found === value;
}

function line(type: string, object: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ type, object })}\n`);
}
