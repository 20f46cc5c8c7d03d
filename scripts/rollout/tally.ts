import Type, { type Static } from "typebox";

/** Requests counted by latency: pairs of bucket and count. Each bucket is a tenth wider than the previous one. */
const Histogram = Type.Array(Type.Tuple([Type.Integer(), Type.Integer()]));

const Side = Type.Object({ requests: Type.Integer(), errors: Type.Integer(), latency: Histogram });

/** The counted outcomes of requests, as JSON. */
export const Tally = Type.Object({
  candidate: Side,
  baseline: Side,
  /** Failures that the gateway answered itself. */
  gateway: Type.Integer(),
  /** Requests to other revisions of the service. They are not judged. */
  others: Type.Integer(),
  /** Requests that are not judged, by reason. */
  excluded: Type.Record(Type.String(), Type.Integer()),
});
export type Tally = Static<typeof Tally>;
export type Side = Static<typeof Side>;

const GROWTH = Math.log(1.1);

/** Returns a tally of no requests. */
export function emptyTally(): Tally {
  const side = (): Side => ({ requests: 0, errors: 0, latency: [] });
  return { candidate: side(), baseline: side(), gateway: 0, others: 0, excluded: {} };
}

/** Counts requests of one revision. @param ms the latency of each; 0 and less count as a hundredth */
export function count(side: Side, ok: boolean, ms: number, requests: number): void {
  side.requests += requests;
  if (!ok) side.errors += requests;
  const bucket = Math.ceil(Math.log(Math.max(0.01, ms)) / GROWTH);
  // This is called for each request.
  for (const counted of side.latency) {
    if (counted[0] !== bucket) continue;
    counted[1] += requests;
    return;
  }
  side.latency.push([bucket, requests]);
}

/** Counts requests that are not judged under their reason. */
export function exclude(tally: Tally, why: string, requests: number): void {
  tally.excluded[why] = (tally.excluded[why] ?? 0) + requests;
}

/** Returns a quantile of the latency in milliseconds, at most 5 % too high; undefined without requests. */
export function quantile({ latency }: Side, part: number): number | undefined {
  const total = latency.reduce((sum, [, n]) => sum + n, 0);
  let left = part * total;
  for (const [bucket, n] of latency.toSorted(([a], [b]) => a - b)) {
    left -= n;
    if (left <= 1e-9) return Math.exp((bucket - 0.5) * GROWTH);
  }
  return undefined;
}

/** Returns the share of a revision's requests in each latency bucket, in ascending order. */
export function distribution({ latency }: Side): { ms: number; part: number }[] {
  const total = latency.reduce((sum, [, n]) => sum + n, 0);
  return latency
    .toSorted(([a], [b]) => a - b)
    .map(([bucket, n]) => ({ ms: Math.exp((bucket - 0.5) * GROWTH), part: n / total }));
}
