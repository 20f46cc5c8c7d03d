import { Check } from "typebox/schema";
import { ApiError, type Kube, type ListOptions } from "./client.ts";
import { Unreachable } from "./connection.ts";
import { type Kind, KubeObject, Status, WatchEvent } from "./objects.ts";

export interface WatchOptions extends ListOptions {
  signal: AbortSignal;
  /** Waits before the next attempt after a failure; grows up to this. @default 5000 */
  maxPauseMs?: number;
}

/**
 * Follows the objects of a kind: calls back with all of them at the start and after each change, until the signal
 * comes. A connection that is cut is opened again where it was; when the server has forgotten that place (410), all are
 * listed anew, so that no change is missed for good.
 * @throws ApiError when the server refuses for good (401, 403, no such kind)
 */
export async function watch(
  kube: Kube,
  kind: Kind,
  options: WatchOptions,
  onChange: (objects: ReadonlyMap<string, KubeObject>) => void,
): Promise<void> {
  const { signal, maxPauseMs = 5_000 } = options;
  const objects = new Map<string, KubeObject>();
  let from: string | undefined;
  let pause = 100;
  while (!signal.aborted) {
    try {
      if (from === undefined) {
        const listed = await kube.list(kind, options);
        objects.clear();
        for (const object of listed.items) objects.set(keyOf(object), object);
        from = listed.resourceVersion;
        if (!signal.aborted) onChange(objects);
      }
      for await (const event of events(kube, kind, options, from)) {
        pause = 100;
        if (event.type === "ERROR") {
          from = undefined;
          break;
        }
        from = event.object.metadata.resourceVersion ?? from;
        if (event.type === "BOOKMARK") continue;
        if (event.type === "DELETED") objects.delete(keyOf(event.object));
        else objects.set(keyOf(event.object), event.object);
        onChange(objects);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.code === 410) from = undefined;
      else if (error instanceof ApiError && error.code < 500 && error.code !== 429) throw error;
      else if (!(error instanceof ApiError || error instanceof Unreachable || isCut(error))) throw error;
      await Promise.race([Bun.sleep(pause), aborted(signal)]);
      pause = Math.min(pause * 2, maxPauseMs);
    }
  }
}

type Change = { type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; object: KubeObject } | { type: "ERROR" };

async function* events(kube: Kube, kind: Kind, options: WatchOptions, from: string): AsyncGenerator<Change> {
  const path = await kube.path(kind, options.namespace);
  if (path === undefined) throw new ApiError(`cannot watch ${kind.kind}`, 404, undefined);
  const query = new URLSearchParams({ watch: "1", allowWatchBookmarks: "true", timeoutSeconds: "240" });
  if (from !== "") query.set("resourceVersion", from);
  if (options.labelSelector !== undefined) query.set("labelSelector", options.labelSelector);
  const response = await kube.send(`cannot watch ${kind.kind}`, `${path}?${query}`, {
    signal: options.signal,
  });
  for await (const line of lines(response)) {
    const event: unknown = JSON.parse(line);
    if (!Check(WatchEvent, event)) throw new Error(`the watch of ${path} sent what is no event`);
    if (event.type === "ERROR") {
      const status = Check(Status, event.object) ? event.object : undefined;
      if (status?.code !== undefined && status.code !== 410)
        throw new ApiError(`cannot watch ${kind.kind}`, status.code, status);
      yield { type: "ERROR" };
      return;
    }
    if (!Check(KubeObject, event.object)) throw new Error(`the watch of ${path} sent what is no object`);
    yield { type: event.type, object: event.object };
  }
}

async function* lines(response: Response): AsyncGenerator<string> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response.body) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) if (part !== "") yield part;
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

/** Whether a stream ended within: the connection was cut, or a line came only in part. */
function isCut(error: unknown): boolean {
  return error instanceof SyntaxError || (error instanceof Error && "code" in error);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
