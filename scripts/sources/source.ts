import type { Outcome } from "../traffic/engine.ts";
import type { Kube } from "../cluster/kube/client.ts";

/** Whose outcomes are asked for. */
export interface OutcomeQuery {
  kube: Kube;
  namespace: string;
  /** The Knative Service. */
  service: string;
}

/** Where the outcomes of a service's requests come from: batches, from now on, until the signal. */
export type OutcomeSource = (query: OutcomeQuery, signal: AbortSignal) => AsyncIterable<Outcome[]>;
