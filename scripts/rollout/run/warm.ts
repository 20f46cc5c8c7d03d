import type { Engine } from "../../engines/engine.ts";
import type { Warm } from "./effects.ts";

// A fresh process is slow at first: it reads, compiles and connects on its first requests.
const REQUESTS = 20;
const ANSWERS_WITHIN_MS = 30_000;

/**
 * The first requests to a revision, by its tag; undefined where the engine has no address for one revision.
 * @param path a path that every version answers
 */
export function warmBy({ addressOf }: Pick<Engine, "addressOf">, path: string): Warm | undefined {
  if (addressOf === undefined) return undefined;
  return async (_revision, tag, signal) => {
    if (tag === null) return;
    using address = await addressOf(tag);
    const { url, host } = address;
    let good = 0;
    let status = 0;
    for (let i = 0; i < REQUESTS; i++) {
      const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWERS_WITHIN_MS)]);
      const response = await fetch(`${url}${path}`, { headers: { host }, signal: within });
      await response.arrayBuffer();
      if (response.status < 500) good++;
      else status = response.status;
    }
    // Occasional failures do not make a candidate cold; the judge decides whether it fails too often.
    if (good === 0) throw new Error(`it answered ${status}`);
  };
}
