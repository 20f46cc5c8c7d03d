import { Elysia, t } from "elysia";
import type { Activity } from "./activity.ts";
import { problemResponse } from "./problem.ts";
import { APPLICATION } from "./requests.ts";

const Status = t.Object({ status: t.String() });

/** `/healthz`: the process is alive. `/readyz`: it may be sent requests. Neither looks at anything else. */
export const health = (activity: Activity) =>
  new Elysia({ name: "health", ...APPLICATION, detail: { hide: true } })
    .get("/healthz", () => ({ status: "ok" }), { response: { 200: Status } })
    .get("/readyz", () => (activity.draining ? draining() : { status: "ready" }), {
      response: { 200: Status },
    });

const draining = (): Response => problemResponse({ status: 503, detail: "The service is stopping." });
