import { Elysia } from "elysia";
import type { Metrics } from "./metrics.ts";
import { APPLICATION } from "../http/requests.ts";

/** `/metrics`, as Prometheus reads it. */
export const metricsEndpoint = (metrics: Metrics) =>
  new Elysia({ name: "metrics", ...APPLICATION, detail: { hide: true } }).get("/metrics", async ({ set }) => {
    set.headers["content-type"] = metrics.contentType;
    return metrics.text();
  });
