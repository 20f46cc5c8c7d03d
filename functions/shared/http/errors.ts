import { ParseError, ValidationError } from "elysia";
import { refuseLongBody } from "./body-limit.ts";
import { BodyOverLimit } from "./bounded-text.ts";
import type { Log } from "../telemetry/log.ts";
import type { PathTable } from "./path-table.ts";
import { BODY_INVALID, BODY_REFUSED, BODY_UNREADABLE, methodRefused, problemResponse } from "./problem.ts";
import { BadRequest, CallerGone, refuseMalformed } from "./request-errors.ts";
import { describeError } from "../telemetry/safe-error.ts";

/** An error whose body the service's contract fixes. The body is sent unchanged and contains nothing internal. */
export class ContractError extends Error {
  override name = "ContractError";

  readonly status: number;
  readonly body: Readonly<Record<string, string>>;

  constructor(status: number, body: Readonly<Record<string, string>>) {
    super("an error of the contract");
    this.status = status;
    this.body = body;
  }
}

/** The error handling of one service. */
export interface ErrorDeps {
  readonly log: Log;
  readonly paths: PathTable;
  /** The contract's answer to an unexpected error on a route, or undefined if the contract has none. */
  readonly unforeseen: (route: string) => ContractError | undefined;
}

/** A request that failed. `route` is undefined if no route matched. */
export interface Failure {
  readonly error: unknown;
  readonly request: Request;
  readonly requestId: string;
  readonly route: string | undefined;
}

/** The answer to a failed request, and the route to log it under. */
export interface FailureAnswer {
  readonly response: Response;
  readonly route: string;
}

/**
 * Makes every error body of a service. An unexpected error is answered without any of its text, and logged only by its
 * class and position in the code.
 */
export async function answerFailure(failure: Failure, deps: ErrorDeps): Promise<FailureAnswer> {
  const { error, request, requestId, route } = failure;
  // A body whose sender disconnected is not a malformed body.
  const cause = error instanceof ParseError && request.signal.aborted ? new CallerGone() : error;
  if (route !== undefined) return { response: answerThrown(cause, requestId, route, deps), route };
  const path = URL.parse(request.url)?.pathname ?? "";
  const methods = deps.paths.methodsOf(path);
  const loggedAs = methods === undefined ? "unmatched" : path;
  try {
    refuseMalformed(request);
    await refuseLongBody(request);
  } catch (refusal) {
    return { response: answerThrown(refusal, requestId, loggedAs, deps), route: loggedAs };
  }
  return { response: answerUnrouted(request.method, methods, requestId), route: loggedAs };
}

function answerThrown(thrown: unknown, requestId: string, route: string, deps: ErrorDeps): Response {
  // Elysia wraps an error that is thrown while a body is read.
  const error = thrown instanceof ParseError && thrown.cause instanceof Error ? thrown.cause : thrown;
  if (error instanceof ContractError) return contractResponse(error);
  if (error instanceof BodyOverLimit) return tooLarge(requestId);
  if (error instanceof BadRequest) {
    return problemResponse({ status: error.status, detail: error.detail, requestId });
  }
  if (error instanceof CallerGone) {
    // The caller does not receive this response; its status is for the log and the metrics.
    return problemResponse({ status: 499, detail: "The caller closed the request.", requestId });
  }
  if (thrown instanceof ParseError) {
    return problemResponse({ status: 400, detail: BODY_UNREADABLE, requestId });
  }
  // A response that fails its own schema is a fault of this service, and the error contains the whole response.
  if (error instanceof ValidationError && error.type !== "response") return invalid(error, requestId);
  deps.log.error("unexpected error", { requestId, route, ...describeError(error) });
  const foreseen = deps.unforeseen(route);
  if (foreseen !== undefined) return contractResponse(foreseen);
  return problemResponse({ status: 500, detail: "Something went wrong in the service.", requestId });
}

function answerUnrouted(method: string, methods: readonly string[] | undefined, requestId: string): Response {
  if (methods === undefined) {
    return problemResponse({ status: 404, detail: "There is nothing at this path.", requestId });
  }
  const allow = methods.join(", ");
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  return problemResponse({ status: 405, detail: methodRefused(methods), requestId }, { allow });
}

function contractResponse({ status, body }: ContractError): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

// Closing the connection prevents receiving the rest of the body.
function tooLarge(requestId: string): Response {
  return problemResponse({ status: 413, detail: BODY_REFUSED, requestId }, { connection: "close" });
}

function invalid(error: ValidationError, requestId: string): Response {
  const errors = error.all.flatMap((issue) =>
    "path" in issue ? [{ path: `${error.type}${issue.path}`, message: issue.message ?? "not valid" }] : [],
  );
  return problemResponse({ status: 422, detail: BODY_INVALID, requestId, errors });
}
