import { Elysia } from "elysia";
import type { Answers } from "./answers.ts";
import { refuseLargeBody } from "./body-limit.ts";
import { beginCall, type CallDeps } from "./call.ts";
import { answerFailure, type ErrorDeps } from "./errors.ts";
import { refuseMalformed } from "./request-errors.ts";
import { record, type RecordDeps } from "./request-log.ts";

/**
 * The settings of every application. Unknown keys of a response are neither stripped nor refused, paths are matched
 * unchanged, and a Host without a dot is read correctly (Elysia's default misreads `http://kyc/`).
 */
export const APPLICATION = {
  normalize: false,
  strictPath: true,
  handler: { standardHostname: false },
} as const;

/** The dependencies of the handling of requests. */
export interface RequestDeps extends CallDeps, RecordDeps, ErrorDeps {
  readonly answers: Answers;
}

/**
 * The plugin that handles every request: it assigns the request's id, builds its response, logs and counts its end, and
 * answers its failure. It must be used before the routes.
 *
 * A route returns a `Response` or a value. A value always becomes JSON with status 200, regardless of its keys; Elysia
 * itself would use `value.constructor.name`, which a parsed body may contain. The end is recorded from the finished
 * response, so that log, metrics and client agree.
 *
 * Elysia reads the source text of these functions, and makes a route asynchronous if one of its hooks looks asynchronous;
 * `begin` and `end` avoid that.
 */
export const requests = (deps: RequestDeps) =>
  new Elysia({ name: "requests", ...APPLICATION })
    .derive({ as: "global" }, function begin({ request }) {
      refuseMalformed(request);
      refuseLargeBody(request);
      const call = beginCall(request.headers, deps);
      return { call };
    })
    .mapResponse({ as: "global" }, function end({ call, request, route, set, responseValue }) {
      // `fail` has recorded a failure already; a failure before `begin` has no call.
      if (call === undefined || call.recorded) return;
      const { method } = request;
      if (responseValue instanceof Response) {
        deps.answers.describe(call, set.headers);
        record(call, { method, route, status: responseValue.status }, deps);
        return;
      }
      const answer = deps.answers.json(responseValue, call);
      record(call, { method, route, status: answer.status }, deps);
      return answer;
    })
    .onError({ as: "global" }, async function fail({ call: begun, error, request, route, set }) {
      const call = begun ?? beginCall(request.headers, deps);
      const { requestId } = call;
      deps.answers.describe(call, set.headers);
      const answer = await answerFailure({ error, request, requestId, route }, deps);
      record(call, { method: request.method, route: answer.route, status: answer.response.status }, deps);
      return answer.response;
    });
