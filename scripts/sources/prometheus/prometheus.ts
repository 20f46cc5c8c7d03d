import type { SourceDefinition } from "../source.ts";

/** A Prometheus that scrapes the callers' pods. */
export const prometheus: SourceDefinition = {
  name: "prometheus",
  summary: "the same metrics as pods, from a Prometheus that scrapes them",
  locations: ["machine", "cluster"],
  flags: [{ name: "prometheus", value: "url", summary: "a Prometheus that has the metrics of the pods" }],
  inCluster: true,
  async open({ service }, { prometheus: url }) {
    const [{ prometheusSource }, { UserError }] = await Promise.all([
      import("./prometheus-outcomes.ts"),
      import("../../cluster/user-error.ts"),
    ]);
    if (url === undefined)
      throw new UserError("Which Prometheus? Give its address: --prometheus http://HOST:9090");
    return prometheusSource({ url, service });
  },
};
