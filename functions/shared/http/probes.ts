import { Elysia, t } from "elysia";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Activity } from "./call.ts";
import { problemResponse } from "./problem.ts";
import { APPLICATION } from "./requests.ts";

const Status = t.Object({ status: t.String() });

/**
 * The endpoints for Kubernetes and Prometheus. `/healthz`: the process is alive. `/readyz`: it accepts requests; 503 while
 * it drains. `/metrics`: the text format of Prometheus.
 */
export const probes = (activity: Activity, metrics: Metrics) =>
  new Elysia({ name: "probes", ...APPLICATION, detail: { hide: true } })
    .get("/healthz", () => ({ status: "ok" }), { response: { 200: Status } })
    .get("/readyz", () => (activity.draining ? draining() : { status: "ready" }), {
      response: { 200: Status },
    })
    .get(
      "/metrics",
      async () => new Response(await metrics.text(), { headers: { "content-type": metrics.contentType } }),
    );

const draining = (): Response => problemResponse({ status: 503, detail: "The service is stopping." });
