/** A deadline combined with a caller's abort in one signal. Call `clear` at the end. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** The cause, once `signal` is aborted. */
  readonly reason: () => "timeout" | "aborted" | undefined;
  /** Aborts `signal` for neither reason. */
  readonly abort: () => void;
  readonly clear: () => void;
}

/**
 * Starts a deadline of `ms` milliseconds. Unlike `AbortSignal.timeout`, whose timer stays until it fires, it can be cleared.
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
