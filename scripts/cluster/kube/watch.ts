import { Check } from "typebox/schema";
import { ApiError, isPassing } from "./api-error.ts";
import type { Kube } from "./client.ts";
import { Unreachable } from "./connection.ts";
import { lines } from "./response-lines.ts";
import { Bookmark, type Kind, KubeObject, parse, Status, WatchEvent } from "./kube-object.ts";
import { pause } from "./pause.ts";
import { queryOf } from "./query.ts";
import type { ListOptions } from "./request-options.ts";

export interface WatchOptions extends ListOptions {
  signal: AbortSignal;
  /** Called for each failure after which the watch continues. */
  onTrouble?: ((error: Error) => void) | undefined;
  /** The longest wait before the next attempt, in milliseconds. @default 5000 */
  maxPauseMs?: number | undefined;
  /** How long the server keeps a stream open. A stream that lasts a quarter longer is considered dead. @default 60 */
  streamSeconds?: number | undefined;
}

/** All objects of a watch, by namespace and name. The watch changes it later: copy it to keep it. */
export type Watched = ReadonlyMap<string, KubeObject>;

/**
 * Follows the objects of a kind: calls back with all of them at the start and after each change, until the signal is
 * aborted. A closed stream is resumed at its resourceVersion. If that has expired (410), all objects are listed
 * again, so that no change or deletion is lost.
 * @throws any failure of the first list, and later an ApiError for a permanent refusal (403, no such kind)
 */
export async function watch(
  kube: Kube,
  kind: Kind,
  options: WatchOptions,
  onChange: (objects: Watched) => void,
): Promise<void> {
  for await (const objects of states(kube, kind, options)) {
    if (options.signal.aborted) return;
    onChange(objects);
  }
}

const FIRST_PAUSE_MS = 50;
// A stream that lasted this long did not fail at once, even without any event.
const FAIR_STREAM_MS = 500;

async function* states(kube: Kube, kind: Kind, options: WatchOptions): AsyncGenerator<Watched> {
  const { signal, onTrouble, maxPauseMs = 5_000 } = options;
  const objects = new Map<string, KubeObject>();
  let listed = false;
  let from: string | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    let startedAt = performance.now();
    let moved = false;
    try {
      if (from === undefined) {
        from = await list(kube, kind, options, objects);
        listed = true;
        yield objects;
        startedAt = performance.now();
      }
      for await (const { place, type, object } of changes(kube, kind, options, from)) {
        moved = true;
        from = place;
        if (object === undefined) continue;
        if (type === "DELETED") objects.delete(keyOf(object));
        else objects.set(keyOf(object), object);
        yield objects;
      }
    } catch (error) {
      if (signal.aborted) return;
      const isForgotten = error instanceof ApiError && error.code === 410;
      if (!listed || !(isForgotten || isPassing(error))) throw error;
      // The error may concern the resourceVersion. Listing again is correct in any case.
      if (error instanceof ApiError && error.code !== 429) from = undefined;
      onTrouble?.(error);
    }
    if (moved || performance.now() - startedAt > FAIR_STREAM_MS) pauseMs = FIRST_PAUSE_MS;
    await pause(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, maxPauseMs);
  }
}

async function list(
  kube: Kube,
  kind: Kind,
  options: WatchOptions,
  objects: Map<string, KubeObject>,
): Promise<string> {
  // A list treats a missing kind as empty; a watch cannot.
  await kube.path(kind, { namespace: options.namespace });
  const { items, resourceVersion } = await kube.list(kind, options);
  objects.clear();
  for (const item of items) objects.set(keyOf(item), item);
  return resourceVersion;
}

interface Change {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  /** The resourceVersion from which the watch resumes. */
  place: string;
  /** Undefined for a bookmark. */
  object?: KubeObject;
}

/** The changes of one stream. */
async function* changes(kube: Kube, kind: Kind, options: WatchOptions, from: string): AsyncGenerator<Change> {
  const { namespace, labelSelector, fieldSelector, signal, streamSeconds = 60 } = options;
  const what = `cannot watch ${kind.kind}${namespace === undefined ? "" : ` in ${namespace}`}`;
  const path = await kube.path(kind, { namespace });
  const query = queryOf({
    watch: "1",
    allowWatchBookmarks: "true",
    timeoutSeconds: String(streamSeconds),
    resourceVersion: from,
    labelSelector,
    fieldSelector,
  });
  // A connection whose peer has vanished reports no error.
  const dead = new AbortController();
  const timer = setTimeout(() => dead.abort(), streamSeconds * 1_250);
  try {
    const request = { signal: AbortSignal.any([signal, dead.signal]) };
    const response = await kube.open(what, path + query, request);
    for await (const line of lines(response)) yield changeIn(line, what);
  } catch (error) {
    if (!dead.signal.aborted || signal.aborted) throw error;
    throw new Unreachable(`${what}: the API server sends nothing more`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** @throws ApiError for an ERROR event */
function changeIn(line: string, what: string): Change {
  const { type, object } = parse(WatchEvent, jsonIn(line, what), `${what}: an event`);
  if (type === "ERROR") {
    const status = Check(Status, object) ? object : undefined;
    throw new ApiError(what, status?.code ?? 410, status);
  }
  const place = parse(Bookmark, object, `${what}: the object of an event`).metadata.resourceVersion;
  if (type === "BOOKMARK") return { type, place };
  return { type, place, object: parse(KubeObject, object, `${what}: the object of an event`) };
}

function jsonIn(line: string, what: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Unreachable(`${what}: the connection was cut in the middle of an event`, { cause: error });
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}
