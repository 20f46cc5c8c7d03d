import type { Static, TSchema } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import type { Call } from "../http/call.ts";
import { CallerGone } from "../http/request-errors.ts";
import { createExchange, type ExchangeOptions, type Sent } from "./exchange.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { FailedOutcome, Outcome } from "./outcome.ts";
import { parseStrictJson } from "../http/strict-json.ts";

/** Thrown if an upstream gave no usable answer. */
export class UpstreamFailure extends Error {
  override name = "UpstreamFailure";
  readonly outcome: FailedOutcome;
  /** The revision that answered, if the response names one. */
  readonly revision: string | undefined;

  constructor(outcome: FailedOutcome, revision: string | undefined) {
    super(outcome);
    this.outcome = outcome;
    this.revision = revision;
  }
}

/** An upstream: its name in the metrics, and the schema of its answers. */
export interface UpstreamOptions<T extends TSchema> extends ExchangeOptions {
  readonly name: string;
  readonly answer: T;
  readonly clock: () => number;
  readonly metrics: Metrics;
}

/** A checked answer, and the revision that gave it. */
export interface UpstreamAnswer<T> {
  readonly body: T;
  readonly revision: string | undefined;
}

/** Another service, as seen from this one. */
export interface Upstream<T> {
  /**
   * Requests `path` on behalf of `request`, without retries.
   * @throws {UpstreamFailure} if there is no usable answer within the deadline
   * @throws {CallerGone} if the sender of `request` disconnected
   */
  ask(path: string, request: Request, call: Call, sent?: Sent): Promise<UpstreamAnswer<T>>;
}

/** Makes a client of one upstream. Each call is counted, and added to the request's record. */
export function createUpstream<T extends TSchema>(options: UpstreamOptions<T>): Upstream<Static<T>> {
  const { name, clock, metrics } = options;
  const answer = TypeCompiler.Compile(options.answer);
  const exchange = createExchange(options);
  const server = new URL(options.origin);

  return {
    async ask(path, request, call, sent) {
      const startedAt = clock();
      const span = call.span?.child();
      const asked = span === undefined ? sent : { ...sent, span };
      const {
        outcome: failed,
        status,
        revision,
        text,
      } = await exchange(path, request, call.requestId, asked);
      const method = sent?.body === undefined ? "GET" : "POST";
      const note = (outcome: Outcome) => {
        const ms = clock() - startedAt;
        const answering = revision ?? "unknown";
        call.upstream = { revision: answering, outcome, status, ms };
        metrics.upstreamCall({ upstream: name, revision: answering, outcome }, ms);
        span?.end({
          name: `${method} ${name}`,
          failed: outcome !== "ok" && outcome !== "aborted",
          attributes: {
            "http.request.method": method,
            "url.full": `${options.origin}${path}`,
            "server.address": server.hostname,
            "server.port": Number(server.port) || (server.protocol === "https:" ? 443 : 80),
            "http.response.status_code": status,
            "error.type": outcome === "ok" ? undefined : outcome,
            "kyc.revision": revision,
          },
        });
      };
      const parsed = failed === undefined ? parseStrictJson(text) : { refused: failed };
      if ("value" in parsed && answer.Check(parsed.value)) {
        note("ok");
        return { body: parsed.value, revision };
      }
      const outcome = "refused" in parsed ? parsed.refused : "wrong_shape";
      note(outcome);
      if (outcome === "aborted") throw new CallerGone();
      throw new UpstreamFailure(outcome, revision);
    },
  };
}
