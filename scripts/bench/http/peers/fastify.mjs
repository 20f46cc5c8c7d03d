import Fastify from "fastify";
import {
  answer,
  ended,
  hostname,
  log,
  port,
  PATH,
  requestIdOf,
  REVISION,
  schema,
  traceIdOf,
} from "./common.mjs";

const app = Fastify({
  loggerInstance: log,
  disableRequestLogging: true,
  genReqId: (request) => requestIdOf(request.headers["x-request-id"]),
});
app.addHook("onRequest", (request, reply, done) => {
  request.startedAt = performance.now();
  reply.header("x-request-id", request.id);
  reply.header("x-kyc-revision", REVISION);
  done();
});
app.addHook("onResponse", (request, reply, done) => {
  const traceId = traceIdOf(request.headers.traceparent);
  const route = request.routeOptions.url;
  log.info(ended(request.method, route, reply.statusCode, request.startedAt, request.id, traceId), "request");
  done();
});
app.get(PATH, { schema: { response: { 200: schema } } }, async () => answer());
await app.listen({ host: hostname, port });
