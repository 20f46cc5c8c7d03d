import { ApiError, isPassing } from "./api-error.ts";
import type { Kube } from "./client.ts";
import { errorText } from "../error-text.ts";
import { type KubeObject, nameOf, type ObjectRef } from "./kube-object.ts";
import { pause } from "./pause.ts";
import type { RequestOptions } from "./request-options.ts";

export interface DeleteAndWaitOptions extends RequestOptions {
  timeoutMs: number;
}

/** A deleted object still exists. */
export class StillThere extends Error {
  override readonly name = "StillThere";
}

/**
 * Deletes an object with its dependents, and waits until it is deleted. An object of the same name that is created in
 * the meantime has another uid, and remains.
 * @returns whether the object existed
 * @throws StillThere if it is not deleted in time; the message names the obstacle
 */
export async function deleteAndWait(
  kube: Kube,
  ref: ObjectRef,
  { timeoutMs, signal }: DeleteAndWaitOptions,
): Promise<boolean> {
  let there = await kube.get(ref, { signal });
  if (there === undefined) return false;
  const { uid } = there.metadata;
  await kube.delete(ref, { uid, propagation: "Foreground", signal }).catch(trueIfReplaced);
  const late = AbortSignal.timeout(timeoutMs);
  const either = signal === undefined ? late : AbortSignal.any([signal, late]);
  let trouble: unknown = new Error("the API server has not answered since the deletion");
  for (let pauseMs = 50; !late.aborted; pauseMs = Math.min(pauseMs * 1.5, 1_000)) {
    try {
      const now = await kube.get(ref, { signal: either });
      if (now === undefined || now.metadata.uid !== uid) return true;
      there = now;
      trouble = undefined;
    } catch (error) {
      if (!either.aborted && !isPassing(error)) throw error;
      if (!either.aborted) trouble = error;
    }
    await pause(pauseMs, either);
    signal?.throwIfAborted();
  }
  const why = trouble === undefined ? holding(there) : errorText(trouble);
  throw new StillThere(`${nameOf(ref)} is not gone after ${timeoutMs / 1_000} s: ${why}`);
}

function holding({ metadata }: KubeObject): string {
  const finalizers = metadata.finalizers?.filter((name) => name !== "foregroundDeletion") ?? [];
  if (finalizers.length === 0) return "objects that it owns still exist";
  return `its finalizers have not been removed (${finalizers.join(", ")})`;
}

/** The API server refuses to delete an object that has been replaced. */
function trueIfReplaced(error: unknown): true {
  if (error instanceof ApiError && error.code === 409) return true;
  throw error;
}
