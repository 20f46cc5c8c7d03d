// What each framework does around its answer: the same id, trace, log line, histogram and check of the answer.
import { Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import pino from "pino";
import client from "prom-client";

export const PATH = "/credit-check/report";
export const REVISION = "credit-check-basic";
export const port = Number(process.env.PORT);
export const hostname = "127.0.0.1";

export const schema = Type.Object(
  { type: Type.Literal("BASIC"), blackListed: Type.Boolean(), backgroundCheckPass: Type.Boolean() },
  { additionalProperties: false },
);
const compiled = TypeCompiler.Compile(schema);

/** The answer of the basic check, checked. */
export function answer() {
  const found = { type: "BASIC", blackListed: false, backgroundCheckPass: true };
  if (!compiled.Check(found)) throw new Error("the answer is not what was agreed");
  return found;
}

export const log = pino(
  { base: { service: "credit-check", revision: REVISION } },
  pino.destination({ fd: 1, sync: false, minLength: 16_000 }),
);

const durations = new client.Histogram({
  name: "http_server_request_duration_seconds",
  help: "Time from the first look at a request to its answer.",
  labelNames: ["method", "route", "status", "revision"],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

export function requestIdOf(given) {
  return given && REQUEST_ID.test(given) ? given : crypto.randomUUID();
}

export function traceIdOf(traceparent) {
  return traceparent ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
}

/** Counts a request and gives the fields of its log line. */
export function ended(method, route, status, startedAt, requestId, traceId) {
  const ms = performance.now() - startedAt;
  durations.observe({ method, route, status, revision: REVISION }, ms / 1000);
  return { requestId, traceId, route, method, status, ms };
}
