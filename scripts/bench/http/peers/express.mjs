import express from "express";
import { answer, ended, hostname, log, PATH, port, requestIdOf, REVISION, traceIdOf } from "./common.mjs";

const app = express();
app.disable("x-powered-by");
app.disable("etag");
app.use((request, response, next) => {
  const startedAt = performance.now();
  const requestId = requestIdOf(request.headers["x-request-id"]);
  const traceId = traceIdOf(request.headers.traceparent);
  response.setHeader("x-request-id", requestId);
  response.setHeader("x-kyc-revision", REVISION);
  response.on("finish", () => {
    log.info(ended(request.method, PATH, response.statusCode, startedAt, requestId, traceId), "request");
  });
  next();
});
app.get(PATH, (_request, response) => response.json(answer()));
app.listen(port, hostname);
