/** The position of a span in its trace, as propagated between processes by W3C Trace Context. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits. */
  readonly spanId: string;
  /** Whether the trace is recorded, as the sender of the request decided. */
  readonly sampled: boolean;
}

// A later version may have more fields after the flags; version ff is invalid.
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ALL_ZEROS = /^0+$/;
const POOL_BYTES = 4096;

/** Reads a traceparent header; undefined without a valid one (W3C Trace Context, section 3.2). */
export function readTraceparent(text: string | null | undefined): TraceContext | undefined {
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(text?.trim() ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === "00" && more !== undefined) return undefined;
  if (ALL_ZEROS.test(traceId) || ALL_ZEROS.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The traceparent header that makes `context` the parent of the receiver's spans. */
export const traceparentOf = ({ traceId, spanId, sampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;

let pool = Buffer.alloc(0);
let used = 0;

/** Random bytes as hexadecimal digits, never all zeros. They are generated in blocks, because a call per id is slow. */
export function randomId(bytes: 8 | 16): string {
  for (;;) {
    if (used + bytes > pool.length) {
      pool = crypto.getRandomValues(Buffer.alloc(POOL_BYTES));
      used = 0;
    }
    const id = pool.toString("hex", used, (used += bytes));
    if (!ALL_ZEROS.test(id)) return id;
  }
}
