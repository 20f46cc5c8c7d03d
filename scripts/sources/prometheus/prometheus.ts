import type { SourceDefinition } from "../source.ts";
import { METRIC_FAMILIES } from "./metric-families.ts";

const [FIRST] = METRIC_FAMILIES;

/** A Prometheus that has metrics of the service. */
export const prometheus: SourceDefinition = {
  name: "prometheus",
  summary: "metrics in a Prometheus",
  locations: ["machine", "cluster"],
  flags: [
    {
      name: "prometheus",
      value: "url",
      summary:
        "a Prometheus that has metrics of the service; user:password@ in the URL is used for basic auth",
    },
    {
      name: "prometheus-metrics",
      value: "name",
      summary: `with --prometheus: the metrics to read: ${METRIC_FAMILIES.map(({ name, summary }) => `${name} (${summary})`).join("; ")} (default: ${FIRST.name})`,
    },
    {
      name: "prometheus-token-file",
      value: "file",
      summary: "with --prometheus: a file with a bearer token, read for each query",
    },
    {
      name: "prometheus-ca",
      value: "file",
      summary: "with --prometheus: a file with the certificate authority of its server, in PEM",
    },
  ],
  // Files are on this machine, and the arguments of a Job are no place for a password.
  inCluster: ({ prometheus: url = "", ...flags }) =>
    !("prometheus-token-file" in flags || "prometheus-ca" in flags || /\/\/[^/]*@/.test(url)),
  async open({ service, namespace }, flags) {
    const { prometheusSource } = await import("./prometheus-outcomes.ts");
    const { connectionOf } = await import("./prometheus-api.ts");
    return prometheusSource({
      connection: await connectionOf(flags),
      metrics: flags["prometheus-metrics"],
      service,
      namespace,
    });
  },
};
