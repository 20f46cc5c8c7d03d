import type { SourceDefinition } from "../source.ts";
import { METRIC_FAMILIES } from "./metric-families.ts";

const [FIRST] = METRIC_FAMILIES;

/** A Prometheus that has metrics of the service. */
export const prometheus: SourceDefinition = {
  name: "prometheus",
  summary: "metrics that a Prometheus has scraped",
  locations: ["machine", "cluster"],
  flags: [
    {
      name: "prometheus",
      value: "url",
      summary:
        "a Prometheus that has metrics of the service; user:password@ in the address is for basic auth",
    },
    {
      name: "prometheus-metrics",
      value: "name",
      summary: `with --prometheus: ${METRIC_FAMILIES.map(({ name, summary }) => `${name} (${summary})`).join("; ")}; ${FIRST.name} if left out`,
    },
    {
      name: "prometheus-token-file",
      value: "file",
      summary: "with --prometheus: a bearer token, read again for each query",
    },
    {
      name: "prometheus-ca",
      value: "file",
      summary: "with --prometheus: the certificate authority of its address, in PEM",
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
