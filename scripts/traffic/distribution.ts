import { resolveBy, type Resolution, type RoutedRequest } from "./resolve.ts";
import type { Destination, ForwardAction, Listener, RouteTable } from "./table.ts";

/** One path that a request can take, and its probability. */
export interface Outcome {
  resolution: Resolution;
  /** A fraction of two integers, so that shares can be compared exactly. */
  numerator: bigint;
  denominator: bigint;
}

/**
 * Returns every path that a request can take from a listener, with its exact probability; the probabilities sum to
 * one.
 */
export function distribution(table: RouteTable, listener: Listener, request: RoutedRequest): Outcome[] {
  const outcomes: Outcome[] = [];
  // A path is a sequence of choices at weighted rules. They are enumerated like the digits of a counter.
  let path: number[] | undefined = [];
  while (path !== undefined) {
    const made: { index: number; action: ForwardAction }[] = [];
    const fixed: readonly number[] = path;
    const resolution = resolveBy(table, listener, request, (action) => {
      const index = fixed[made.length] ?? 0;
      made.push({ index, action });
      return action.destinations[index] as Destination;
    });
    let [numerator, denominator] = [1n, 1n];
    for (const { index, action } of made) {
      numerator *= BigInt(action.destinations[index]?.weight ?? 0);
      denominator *= BigInt(action.totalWeight);
    }
    outcomes.push({ resolution, numerator, denominator });
    path = nextPath(made);
  }
  return outcomes;
}

/** Returns the share of requests that reaches each revision, from 0 to 1. */
export function revisionShares(
  table: RouteTable,
  listener: Listener,
  request: RoutedRequest,
): Map<string, number> {
  const shares = new Map<string, number>();
  for (const { resolution, numerator, denominator } of distribution(table, listener, request)) {
    if (resolution.kind !== "revision") continue;
    const share = Number(numerator) / Number(denominator);
    shares.set(resolution.revision, (shares.get(resolution.revision) ?? 0) + share);
  }
  return shares;
}

function nextPath(made: { index: number; action: ForwardAction }[]): number[] | undefined {
  for (let depth = made.length - 1; depth >= 0; depth--) {
    const { index, action } = made[depth] as { index: number; action: ForwardAction };
    if (index + 1 < action.destinations.length)
      return [...made.slice(0, depth).map(({ index }) => index), index + 1];
  }
  return undefined;
}
