import { REQUEST_ID_HEADER } from "../telemetry/tracing.ts";
import type { Call } from "./call.ts";

/** Makes the responses of one service, with its own headers, the request's id, and the headers that the call adds. */
export interface Answers {
  /** An answer of status 200 with a value as JSON. Nothing in the value can choose its status, type or headers. */
  json(value: unknown, call: Call): Response;
  /** Adds the same headers to a response that was made elsewhere. */
  describe(call: Call, into: Record<string, unknown>): void;
}

/**
 * @param own the headers that every answer of the service carries
 */
export function createAnswers(own: Readonly<Record<string, string>>): Answers {
  // A response copies its headers. Sharing one list costs a tenth of creating one per response.
  const common = new Headers({ ...own, "content-type": "application/json" });

  function headersOf({ requestId, headers }: Call): Headers {
    common.set(REQUEST_ID_HEADER, requestId);
    if (headers === undefined) return common;
    const all = new Headers(common);
    for (const name in headers) all.set(name, headers[name] ?? "");
    return all;
  }

  return {
    json: (value, call) => Response.json(value, { headers: headersOf(call) }),
    describe: ({ requestId, headers }, into) =>
      void Object.assign(into, own, { [REQUEST_ID_HEADER]: requestId }, headers),
  };
}
