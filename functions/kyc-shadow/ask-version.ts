import { readBoundedText } from "../shared/http/bounded-text.ts";
import { parseStrictJson } from "../shared/http/strict-json.ts";
import { revisionOf } from "../shared/telemetry/revision.ts";
import { forwardedHeaders, PINNING_HEADER } from "../shared/telemetry/tracing.ts";
import type { Span } from "../shared/tracing/tracer.ts";
import { addTrace, type Fetch } from "../shared/upstream/exchange.ts";
import { outcomeOfError, outcomeOfStatus, type Outcome } from "../shared/upstream/outcome.ts";
import { type Answer, fieldsOf } from "./comparison/answer.ts";

/** A mirrored request as sent to the versions. */
export interface MirroredRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
  readonly requestId: string;
  /** The span of the mirrored request; undefined if traces are not exported. */
  readonly span?: Span | undefined;
}

/** An answer, how the call ended, and the revision that answered. */
export interface VersionAnswer extends Answer {
  readonly outcome: Exclude<Outcome, "aborted">;
  readonly revision: string | undefined;
  readonly ms: number;
}

/** How the versions are called. */
export interface AskOptions {
  readonly fetch: Fetch;
  readonly clock: () => number;
  readonly timeoutMs: number;
}

const MAX_ANSWER_BYTES = 65_536;

/** Marks the requests of a comparison, so that they are not compared again if they are mirrored. */
export const SHADOW_HEADER = "x-kyc-shadow";

/** Calls one version at its own address, once, in a separate span. Each failure is an answer without fields. */
export async function askVersion(
  origin: string,
  role: string,
  request: MirroredRequest,
  options: AskOptions,
): Promise<VersionAnswer> {
  const span = request.span?.child();
  const answer = await exchange(origin, role, { ...request, span }, options);
  const { outcome, revision } = answer;
  // Without the address, because a caller's query may contain any data.
  span?.end({
    name: `${request.method} ${role}`,
    failed: outcome !== "ok",
    attributes: {
      "http.request.method": request.method,
      "server.address": new URL(origin).hostname,
      "error.type": outcome === "ok" ? undefined : outcome,
      "kyc.revision": revision,
    },
  });
  return answer;
}

async function exchange(
  origin: string,
  role: string,
  { method, path, headers: inbound, body, requestId, span }: MirroredRequest,
  { fetch, clock, timeoutMs }: AskOptions,
): Promise<VersionAnswer> {
  const startedAt = clock();
  const found = { revision: undefined as string | undefined };
  const failed = (outcome: VersionAnswer["outcome"]): VersionAnswer => ({
    fields: undefined,
    outcome,
    revision: found.revision,
    ms: clock() - startedAt,
  });
  const timeout = AbortSignal.timeout(timeoutMs);
  const headers = { ...copied(inbound, requestId), [SHADOW_HEADER]: role };
  if (span !== undefined) addTrace(headers, span);
  try {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers,
      ...(body === "" ? {} : { body }),
      signal: timeout,
      redirect: "manual",
    });
    found.revision = revisionOf(response.headers);
    const text = response.body === null ? "" : await readBoundedText(response.body, MAX_ANSWER_BYTES);
    const outcome = outcomeOfStatus(response.status);
    if (outcome !== undefined) return failed(outcome);
    const parsed = parseStrictJson(text);
    if ("refused" in parsed) return failed(parsed.refused);
    const fields = fieldsOf(parsed.value);
    return fields === undefined ? failed("wrong_shape") : { ...failed("ok"), fields };
  } catch (error) {
    return failed(timeout.aborted ? "timeout" : outcomeOfError(error));
  }
}

/** A version is called at its own address, so the pin of the request is omitted. */
function copied(headers: Headers, requestId: string): Record<string, string> {
  const { [PINNING_HEADER]: _, ...others } = forwardedHeaders(headers, requestId);
  const type = headers.get("content-type");
  return { ...others, accept: "application/json", ...(type === null ? {} : { "content-type": type }) };
}
