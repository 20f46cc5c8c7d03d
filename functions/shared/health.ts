import { Elysia, t } from "elysia";
import { problemResponse } from "./problem.ts";
import { APPLICATION } from "./requests.ts";

/** Whether the service is on its way out. The lifecycle sets it; the readiness probe shows it. */
export interface Readiness {
  draining: boolean;
}

const Status = t.Object({ status: t.String() });

/** `/healthz`: the process is alive. `/readyz`: it may be sent requests. Neither looks at anything else. */
export const health = (readiness: Readiness) =>
  new Elysia({ name: "health", ...APPLICATION, detail: { hide: true } })
    .get("/healthz", () => ({ status: "ok" }), { response: { 200: Status } })
    .get("/readyz", () => (readiness.draining ? draining() : { status: "ready" }), {
      response: { 200: Status },
    });

const draining = (): Response => problemResponse({ status: 503, detail: "The service is stopping." });
