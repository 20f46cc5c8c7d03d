import type { MeshState, RevisionView, RolloutState, SplitState, TrafficState } from "../schema.ts";

const NOTHING = { requests: 0, errors: 0, p50Ms: null, p90Ms: null, p99Ms: null };

/** Returns traffic with these numbers of requests and failures in the last step. */
export function trafficOf(requests = 0, errors = 0): TrafficState {
  const sums = requests === 0 ? NOTHING : { requests, errors, p50Ms: 2, p90Ms: 4, p99Ms: 8 };
  return {
    ...sums,
    rate: requests / 10,
    recent: { requests, errors },
    series: requests === 0 ? [] : [NOTHING, sums],
  };
}

/** A revision of the credit check. */
export function revisionOf(tag: string, more: Partial<RevisionView> = {}): RevisionView {
  const name = `credit-check-${tag}`;
  return { name, tags: [tag], state: "ready", reason: "in 300 ms", traffic: trafficOf(100), ...more };
}

/** Returns a split of the credit check: the planned and the observed share of each tag. */
export function splitOf(
  shares: Record<string, { percent: number; count: number; low: number; high: number }>,
): SplitState {
  const requests = Object.values(shares).reduce((sum, { count }) => sum + count, 0);
  const at = { file: "knative/credit-check/2-advanced.yaml", line: 50, column: 3 };
  return {
    by: "Knative",
    object: "Service credit-check",
    at,
    route: `${at.file}:${at.line}`,
    deciding: true,
    targets: Object.entries(shares).map(([tag, { percent }]) => {
      return { revision: `credit-check-${tag}`, tag, percent, latest: false };
    }),
    observed: {
      sinceMs: 40_000,
      requests,
      confidence: 0.999,
      revisions: Object.entries(shares).map(([tag, { count, low, high }]) => {
        return {
          revision: `credit-check-${tag}`,
          count,
          share: requests === 0 ? 0 : count / requests,
          low,
          high,
        };
      }),
    },
  };
}

const HALF = { percent: 50, count: 50, low: 0.35, high: 0.65 };

/** Returns a healthy mesh: an aggregator, and a credit check whose two versions share the requests. */
export function stateOf(more: Partial<MeshState> = {}): MeshState {
  return {
    generation: 3,
    nowMs: 100_000,
    startedMs: 10_000,
    appliedMs: 40_000,
    root: "/project",
    port: 8080,
    localPort: 8081,
    gateways: [],
    windowSeconds: 10,
    stepSeconds: 5,
    problems: [],
    warnings: [],
    waiting: [],
    services: [
      {
        name: "credit-check",
        namespace: "kyc",
        visibility: "cluster-local",
        splits: [splitOf({ basic: HALF, advanced: HALF })],
        revisions: [revisionOf("basic"), revisionOf("advanced")],
        inflows: [{ listener: "mesh", requests: 200, errors: 0, rate: 20 }],
      },
      {
        name: "kyc-aggregator",
        namespace: "kyc",
        visibility: "public",
        splits: [],
        revisions: [{ ...revisionOf("x"), name: "kyc-aggregator-00001", tags: [], traffic: trafficOf(200) }],
        inflows: [{ listener: "ingress", requests: 200, errors: 0, rate: 20 }],
      },
    ],
    rules: [
      {
        object: "VirtualService kyc",
        name: "aggregator",
        at: { file: "istio/routes.yaml", line: 13, column: 7 },
        route: "istio/routes.yaml:13",
        hosts: ["*"],
        matches: ["uri prefix /kyc"],
        action: "to knative-local-gateway",
      },
    ],
    rollouts: [],
    faults: { faults: [], yaml: "" },
    unrouted: { requests: 0, errors: 0, rate: 0 },
    ...more,
  };
}

/** Returns a mesh with this many services, each with two revisions without traffic, except for the busy ones. */
export function manyRevisions(services: number, busy: Record<string, TrafficState> = {}): MeshState {
  const [sample] = stateOf().services;
  if (sample === undefined) throw new Error("no service");
  return stateOf({
    services: Array.from({ length: services }, (_, i) => {
      const name = `shop-${i}`;
      const revisions = ["a", "b"].map((tag) => {
        const traffic = busy[name] ?? trafficOf(0);
        return { ...revisionOf(tag, { state: "at zero", reason: "", traffic }), name: `${name}-${tag}` };
      });
      return { ...sample, name, inflows: [], revisions };
    }),
  });
}

/** Returns a rollout of the credit check that is judged at its second step. */
export function rolloutOf(more: Partial<RolloutState> = {}): RolloutState {
  return {
    id: "credit-check-1",
    service: "credit-check",
    by: "ann@host",
    beganMs: 60_000,
    outcome: "under way",
    doing: "judging at 25 %",
    sinceMs: 80_000,
    reason: "",
    paused: false,
    carriedOut: { by: "ann@host", seenMs: 99_000, isAlive: true },
    steps: [
      { percent: 5, state: "done" },
      { percent: 25, state: "now" },
      { percent: 100, state: "to come" },
    ],
    share: { planned: 25, observed: 24.1, requests: 400 },
    candidate: { revision: "credit-check-advanced", requests: 120, errors: 1, p50Ms: 4, p99Ms: 9 },
    baseline: { revision: "credit-check-basic", requests: 680, errors: 2, p50Ms: 4, p99Ms: 8 },
    verdict: {
      verdict: "undecided",
      because: "1 of 120 requests of the candidate failed, 2 of 680 of the baseline",
      evidence: [
        { name: "worse", value: 0.4, threshold: 4.6 },
        { name: "no more errors", value: 1.5, threshold: 3 },
        { name: "no slower median", value: 3, threshold: 3 },
        { name: "no slower p99", value: 0, threshold: 3 },
      ],
      inMs: 12_000,
    },
    ...more,
  };
}
