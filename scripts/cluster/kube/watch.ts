import { Check } from "typebox/schema";
import { ApiError, isPassing } from "./api-error.ts";
import type { Kube, ListOptions } from "./client.ts";
import { Unreachable } from "./connection.ts";
import { lines } from "./response-lines.ts";
import { Bookmark, type Kind, KubeObject, parse, Status, WatchEvent } from "./kube-object.ts";
import { pause } from "./pause.ts";
import { queryOf } from "./query.ts";

export interface WatchOptions extends ListOptions {
  signal: AbortSignal;
  /** Told of each failure after which the watch goes on by itself. */
  onTrouble?: ((error: Error) => void) | undefined;
  /** The longest wait before the next attempt. @default 5000 */
  maxPauseMs?: number | undefined;
  /** How long the server is to keep a stream open. One that lasts a quarter longer is dead. @default 60 */
  streamSeconds?: number | undefined;
}

/** All objects of a watch, by namespace and name. The watch goes on to change it: who keeps it copies it. */
export type Watched = ReadonlyMap<string, KubeObject>;

/**
 * Follows the objects of a kind: calls back with all of them at the start and after each change, until the signal
 * comes. A stream that is cut is opened again where it was. Where the server has forgotten that place (410) all are
 * listed anew, so that no change, and no deletion, is missed for good.
 * @throws any failure of the first listing, and later an ApiError when the server refuses for good (403, no such kind)
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
// A stream that lasted this long was none that fails at once, also when nothing happened in it.
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
      // A server in trouble may mean the place as well. To list anew is right in any case.
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
  // To a list, a kind that is not installed is one without objects. Nothing of it could be watched.
  await kube.path(kind, { namespace: options.namespace });
  const { items, resourceVersion } = await kube.list(kind, options);
  objects.clear();
  for (const item of items) objects.set(keyOf(item), item);
  return resourceVersion;
}

interface Change {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  /** From where the watch goes on after it. */
  place: string;
  /** A bookmark has none. */
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
  // Of a connection whose other end is gone without a word, nothing is ever heard: no error either.
  const dead = new AbortController();
  const timer = setTimeout(() => dead.abort(), streamSeconds * 1_250);
  try {
    const request = { signal: AbortSignal.any([signal, dead.signal]) };
    const response = await kube.open(what, path + query, request);
    for await (const line of lines(response)) yield changeIn(line, what);
  } catch (error) {
    if (!dead.signal.aborted || signal.aborted) throw error;
    throw new Unreachable(`${what}: nothing more is heard of the API server`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** @throws ApiError for an event that is one */
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
