import { Hono } from "hono";
import { answer, ended, hostname, log, PATH, port, requestIdOf, REVISION, traceIdOf } from "./common.mjs";

const app = new Hono();
app.use(async (c, next) => {
  const startedAt = performance.now();
  const requestId = requestIdOf(c.req.header("x-request-id"));
  const traceId = traceIdOf(c.req.header("traceparent"));
  c.header("x-request-id", requestId);
  c.header("x-kyc-revision", REVISION);
  await next();
  log.info(ended(c.req.method, PATH, c.res.status, startedAt, requestId, traceId), "request");
});
app.get(PATH, (c) => c.json(answer()));
Bun.serve({ hostname, port, fetch: app.fetch });
