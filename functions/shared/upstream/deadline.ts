/** A deadline joined with a caller's abort, as one signal. Call `clear` at the end. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Which of the two it was, once `signal` is aborted. */
  readonly reason: () => "timeout" | "aborted" | undefined;
  /** Aborts `signal` for neither reason. */
  readonly abort: () => void;
  readonly clear: () => void;
}

/**
 * Starts a deadline of `ms` milliseconds. It leaves nothing behind when cleared, if
 * `AbortSignal.timeout` would keep a timer for each request until it has run out.
 */
export function startDeadline(ms: number, caller: AbortSignal): Deadline {
  const controller = new AbortController();
  let reason: "timeout" | "aborted" | undefined;
  const end = (why: "timeout" | "aborted") => {
    reason ??= why;
    controller.abort();
  };
  const onAbort = () => end("aborted");
  const timer = setTimeout(() => end("timeout"), ms);
  if (caller.aborted) onAbort();
  else caller.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    reason: () => reason,
    abort: () => controller.abort(),
    clear() {
      clearTimeout(timer);
      caller.removeEventListener("abort", onAbort);
    },
  };
}
