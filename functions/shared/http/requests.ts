import { Elysia } from "elysia";
import type { Answers } from "./answers.ts";
import { refuseLargeBody } from "./body-limit.ts";
import { beginCall, type CallDeps } from "./call.ts";
import { answerFailure, type ErrorDeps } from "./errors.ts";
import { record, type RecordDeps } from "./request-log.ts";

/**
 * How every application here is set up. Unknown keys of an answer are neither stripped nor refused,
 * a path is exactly what it says, and hosts of any length are read right (`http://kyc/` is not, by default).
 */
export const APPLICATION = {
  normalize: false,
  strictPath: true,
  handler: { standardHostname: false },
} as const;

/** What the handling of requests needs from outside. */
export interface RequestDeps extends CallDeps, RecordDeps, ErrorDeps {
  readonly answers: Answers;
}

/**
 * What each request goes through, whatever it asks for: it gets its id, its end is logged and
 * counted, and its failure is answered. To be used before the routes that it is for.
 *
 * Elysia reads the text of these functions and makes a route asynchronous that has a hook which
 * looks so; `begin` and `end` are written to not look so.
 */
export const requests = (deps: RequestDeps) =>
  new Elysia({ name: "requests", ...APPLICATION })
    .derive({ as: "global" }, function begin({ request }) {
      refuseLargeBody(request);
      const call = beginCall(request.headers, deps);
      return { call };
    })
    .mapResponse({ as: "global" }, function end({ call, request, route, set, responseValue }) {
      // A failure has ended in `fail` already; where it came before the call began, there is none here.
      if (call === undefined || call.recorded) return;
      const status = responseValue instanceof Response ? responseValue.status : Number(set.status);
      record(call, { method: request.method, route, status }, deps);
      if (isJson(responseValue)) {
        const answer = deps.answers.json(responseValue, status, call);
        return answer;
      }
      deps.answers.describe(call, set.headers);
    })
    .onError({ as: "global" }, async function fail({ call: begun, error, request, route, set }) {
      const call = begun ?? beginCall(request.headers, deps);
      const { requestId } = call;
      deps.answers.describe(call, set.headers);
      const answer = await answerFailure({ error, request, requestId, route }, deps);
      record(call, { method: request.method, route: answer.route, status: answer.response.status }, deps);
      return answer.response;
    });

function isJson(value: unknown): value is object {
  return typeof value === "object" && value !== null && value.constructor === Object;
}
