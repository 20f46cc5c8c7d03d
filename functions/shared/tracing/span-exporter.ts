import type { Log } from "../telemetry/log.ts";
import { exportRequest, rejectedSpans } from "./otlp.ts";
import type { Post } from "./post.ts";
import type { TraceSettings } from "./trace-settings.ts";
import type { FinishedSpan } from "./tracer.ts";

/** Why spans were not exported. */
export type DropReason = "queue_full" | "not_exported" | "rejected";

/** A queue of finished spans that are sent to a collector. */
export interface SpanExporter {
  /** Queues a span and returns at once. */
  add(span: FinishedSpan): void;
  /** Sends the queued spans, each batch once. Resolves when that is done; never rejects. */
  flush(): Promise<void>;
  readonly exported: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}

/** The settings, the function that sends spans, and the log for lost spans. */
export interface SpanExporterOptions extends Pick<
  TraceSettings,
  "resource" | "delayMs" | "giveUpMs" | "maxQueue" | "maxBatch"
> {
  readonly post: Post;
  readonly log: Log;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 10_000;
/** The answers after which a batch is sent again (OTLP 1.3, "Failures"). */
const RETRIED = new Set([429, 502, 503, 504]);

/**
 * Queues spans and sends them in batches, one at a time. The queue is bounded: if the collector is slow or down, spans are
 * dropped and counted, and requests are not affected.
 */
export function createSpanExporter(options: SpanExporterOptions): SpanExporter {
  const { resource, delayMs, giveUpMs, maxQueue, maxBatch, post, log } = options;
  const dropped: Record<DropReason, number> = { queue_full: 0, not_exported: 0, rejected: 0 };
  let queue: FinishedSpan[] = [];
  let exported = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending: Promise<void> | undefined;
  let flushing = false;
  let endWait: (() => void) | undefined;
  let failing = false;

  function send(): void {
    clearTimeout(timer);
    timer = undefined;
    if (sending !== undefined) return;
    sending = sendAll().finally(() => {
      sending = undefined;
      if (queue.length > 0) schedule();
    });
  }

  function schedule(): void {
    if (queue.length >= maxBatch) send();
    else timer ??= setTimeout(send, delayMs).unref();
  }

  async function sendAll(): Promise<void> {
    do {
      const batch = queue.slice(0, maxBatch);
      queue = queue.slice(maxBatch);
      if (batch.length > 0) await deliver(batch);
    } while (queue.length >= maxBatch || (flushing && queue.length > 0));
  }

  async function deliver(batch: readonly FinishedSpan[]): Promise<void> {
    const body = exportRequest(resource, batch);
    const giveUpAt = performance.now() + giveUpMs;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      const answer = await post(body);
      if (answer.status >= 200 && answer.status < 300) return delivered(batch.length, answer.text);
      const again = answer.status === 0 || RETRIED.has(answer.status);
      // Randomised, so that processes that lost the collector at the same time do not retry at the same time.
      const pauseMs = answer.retryAfterMs ?? waitMs * (0.5 + Math.random());
      if (!again || flushing || performance.now() + pauseMs > giveUpAt)
        return lost(batch.length, answer.text);
      failed(answer.text);
      await wait(pauseMs);
    }
  }

  function delivered(count: number, text: string): void {
    const rejected = Math.min(rejectedSpans(text), count);
    exported += count - rejected;
    dropped.rejected += rejected;
    if (rejected > 0) log.error("spans refused by the collector", { spans: rejected });
    if (failing) log.info("spans are exported again", { dropped: dropped.not_exported + dropped.queue_full });
    failing = false;
  }

  function lost(count: number, reason: string): void {
    dropped.not_exported += count;
    failed(reason);
  }

  /** Logs once that the collector does not accept spans, and once when it accepts them again. */
  function failed(reason: string): void {
    if (!failing) log.error("spans are not exported", { reason });
    failing = true;
  }

  function wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const pause = setTimeout(resolve, ms).unref();
    endWait = () => (clearTimeout(pause), resolve());
    return promise;
  }

  return {
    add(span) {
      if (queue.length >= maxQueue) {
        dropped.queue_full += 1;
        return;
      }
      queue.push(span);
      if (sending === undefined) schedule();
    },
    async flush() {
      flushing = true;
      endWait?.();
      while (sending !== undefined || queue.length > 0) {
        send();
        await sending;
      }
      flushing = false;
    },
    get exported() {
      return exported;
    },
    dropped,
  };
}
