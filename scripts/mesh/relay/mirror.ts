import { type Hop, type Mirrored, resolve } from "../../traffic/resolve.ts";
import type { Exchange } from "../http/exchange.ts";
import { frameForRevision, headOf } from "./passage.ts";
import { isUpgrade } from "./upgrade.ts";
import type { RequestBody } from "../body/request-body.ts";
import type { Generation } from "../served.ts";
import { Shadow } from "../body/shadow.ts";

/** Sends the copies that rules ask for on their way, each with the body as it comes. */
export function sendCopies(
  hops: readonly Hop[],
  exchange: Exchange,
  body: RequestBody,
  generation: Generation,
  random: () => number,
): void {
  for (const { mirrored } of hops) {
    for (const copy of mirrored) {
      const shadow = sendCopy(copy, exchange, generation, random);
      if (shadow !== undefined) body.copyTo(shadow);
    }
  }
}

/**
 * Sends the head of a copy on its way, wherever the routes lead it; undefined when that is nowhere.
 * @returns what the body has to be copied to
 */
function sendCopy(
  { mirror: { backend }, request }: Mirrored,
  exchange: Exchange,
  generation: Generation,
  random: () => number,
): Shadow | undefined {
  // A tunnel is no request that could be copied.
  if (isUpgrade(exchange)) return undefined;
  const end =
    backend.kind === "revision"
      ? { ...backend, request }
      : resolve(generation.table, backend.listener, request, random);
  if (end.kind !== "revision") return undefined;
  frameForRevision(end.request, exchange);
  const timeoutMs = generation.revisionTimeoutMs(end.revision);
  return new Shadow(generation.seat(end.revision), request.method, headOf(end.request), timeoutMs);
}
