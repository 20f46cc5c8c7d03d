import { createHistogram, type Series } from "../../../functions/shared/telemetry/histogram.ts";
import { metric, type Sample } from "../../text/prometheus-text.ts";
import type { Configuration } from "../configuration.ts";
import type { FaultsState } from "../faults/fault.ts";
import type { Served } from "../relay/relay-options.ts";
import type { RevisionState } from "../revisions/runner.ts";
import type { Observer } from "./observer.ts";

/** The sources of the gauges at a scrape. */
export interface MetricsSource {
  readonly loaded: Configuration;
  readonly observer: Observer;
  /** By `namespace/name`. */
  readonly revisions: ReadonlyMap<string, { readonly state: RevisionState }>;
  readonly faults: FaultsState;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The measurements of the mesh in the text format of Prometheus. Counters count from the start of the process. */
export class MeshMetrics {
  readonly #requests = createHistogram({
    name: "kyc_mesh_request_duration_seconds",
    help: "Time from a request at a listener of the local mesh to the end of its response.",
    labels: ["listener", "namespace", "service", "revision", "status"],
    bounds: SECONDS,
  });
  /** By revision (empty if a request reached none), listener and status. */
  readonly #series = new Map<string, Map<string, Map<number, Series>>>();

  /** @param service `namespace/name` of the Knative Service that the request reached */
  served({ listener, revision = "", status, ms }: Served, service: string | undefined): void {
    let byListener = this.#series.get(revision);
    if (byListener === undefined) this.#series.set(revision, (byListener = new Map()));
    let byStatus = byListener.get(listener);
    if (byStatus === undefined) byListener.set(listener, (byStatus = new Map()));
    let series = byStatus.get(status);
    if (series === undefined) {
      const [namespace = "", name = ""] = service?.split("/") ?? [];
      const own = revision.slice(revision.indexOf("/") + 1);
      series = this.#requests.series(listener, namespace, name, own, String(status));
      byStatus.set(status, series);
    }
    series.observe(ms / 1000);
  }

  /** Returns all metrics in Prometheus' format. */
  text({ loaded, observer, revisions, faults }: MetricsSource): string {
    const deciding = observer.splits.filter(({ split }) => split.deciding);
    return [
      this.#requests.text(),
      metric(
        "kyc_split_percent",
        "gauge",
        "The planned share of a revision, of the split that decides first.",
        [
          ...deciding.flatMap(({ service: { namespace, name }, split }) =>
            split.targets.map(({ revision, tag = "", percent }): Sample => [
              { namespace, service: name, revision, tag },
              percent,
            ]),
          ),
        ],
      ),
      metric(
        "kyc_split_requests_total",
        "counter",
        "Requests for which the split chose the revision, since its shares last changed.",
        deciding.flatMap(({ service: { namespace, name }, counts }) =>
          [...counts].map(([revision, count]): Sample => [
            { namespace, service: name, revision: revision.slice(namespace.length + 1) },
            count,
          ]),
        ),
      ),
      metric(
        "kyc_mesh_revision_state",
        "gauge",
        "1 for the state that a revision is in.",
        loaded.specs.flatMap(({ key, name, service }): Sample[] => {
          const state = revisions.get(key)?.state;
          const namespace = key.slice(0, key.indexOf("/"));
          return state === undefined ? [] : [[{ namespace, service, revision: name, state }, 1]];
        }),
      ),
      metric("kyc_mesh_configurations_total", "counter", "Configurations that came into force.", [
        [{}, observer.generation],
      ]),
      metric("kyc_mesh_edit_rejected", "gauge", "1 while the last edit of the files is not valid.", [
        [{}, observer.rejected.length > 0 ? 1 : 0],
      ]),
      metric("kyc_mesh_faults", "gauge", "Faults that are switched on by hand.", [
        [{}, faults.faults.length],
      ]),
    ].join("");
  }
}
