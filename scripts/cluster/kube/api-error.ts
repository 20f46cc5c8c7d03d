import { Check } from "typebox/schema";
import { Unreachable } from "./connection.ts";
import { type Kind, Status } from "./kube-object.ts";

/** The API server refused a request. The message ends with the server's own message. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status. */
  readonly code: number;
  /** The machine-readable reason, such as `NotFound` or `Conflict`; empty if there is none. */
  readonly reason: string;
  readonly status: Status | undefined;
  /** How long the API server asks to wait before the next attempt (RFC 9110 §10.2.3), at most 30 s. */
  readonly retryAfterMs: number | undefined;

  /** @param what the failed operation */
  constructor(what: string, code: number, status?: Status, retryAfterMs?: number) {
    super(`${what}: ${status?.message || `the API server answered ${code}`}`);
    this.code = code;
    this.reason = status?.reason ?? "";
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** From a response with an error status. */
  static async of(what: string, response: Response): Promise<ApiError> {
    const text = await response.text();
    const status = statusIn(text) ?? plainWords(response, text);
    return new ApiError(what, response.status, status, retryAfterMs(response));
  }

  /** Returns the error with the rejected credentials: the server does not report their owner. */
  static refusal(
    what: string,
    response: Response,
    { context, withheld = false }: { context: string; withheld?: boolean },
  ): Promise<ApiError> {
    const { status } = response;
    if (withheld && (status === 401 || status === 403))
      return ApiError.of(
        `${what}; no credentials were sent, as the server of ${context} has no TLS`,
        response,
      );
    return ApiError.of(status === 401 ? `${what} with the credentials of ${context}` : what, response);
  }

  /** A kind that is not installed has a different reason than an object that does not exist. */
  static noSuchKind({ kind, apiVersion }: Kind): ApiError {
    return new ApiError(`cannot find the kind ${kind}`, 404, {
      kind: "Status",
      reason: "NoSuchKind",
      message: `this cluster has no kind ${kind} in ${apiVersion}: is its definition installed?`,
    });
  }
}

/** Whether the same request may succeed a little later. */
export function isPassing(error: unknown): error is ApiError | Unreachable {
  if (error instanceof ApiError) return error.code === 429 || error.code >= 500;
  return error instanceof Unreachable;
}

/** The Status that a body is, if it is one. */
export function statusIn(text: string): Status | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return Check(Status, body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function retryAfterMs({ headers }: Response): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (!value) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1_000;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), 30) * 1_000;
}

/** Proxies in front of the API server, and the server itself for unknown paths, answer with plain text. */
function plainWords({ status, headers }: Response, text: string): Status | undefined {
  const words = text.trim();
  const plain = headers.get("content-type")?.startsWith("text/plain") === true;
  return plain && words !== "" ? { kind: "Status", message: `${status}, ${words.slice(0, 300)}` } : undefined;
}
