import { setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "../error-text.ts";
import { ApiError, isPassing } from "./api-error.ts";
import { Unreachable } from "./connection.ts";

/** How a client repeats requests that fail for a moment. */
export interface RepeatOptions {
  /** How long one request is repeated, in milliseconds; with 0 only a Retry-After of a 429 is heeded. @default 0 */
  forMs?: number | undefined;
  /** The wait before the first repetition, which doubles up to 2 s. @default 100 */
  pauseMs?: number | undefined;
  /** Called for a request that has failed for two seconds, at most once in ten for all requests of a client. */
  onWait?: ((message: string) => void) | undefined;
}

// As client-go does by default.
const MOST_POSTPONEMENTS = 10;
const LONGEST_PAUSE_MS = 2_000;
const TOLD_AFTER_MS = 2_000;
const TOLD_EVERY_MS = 10_000;

/** Decides whether requests are sent again, and waits before each repetition. */
export class Repeats {
  readonly #forMs: number;
  readonly #pauseMs: number;
  readonly #onWait: ((message: string) => void) | undefined;
  #hasAnswered = false;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor({ forMs = 0, pauseMs = 100, onWait }: RepeatOptions = {}) {
    this.#forMs = forMs;
    this.#pauseMs = pauseMs;
    this.#onWait = onWait;
  }

  /** The attempts of one request. */
  request(signal: AbortSignal | undefined): Attempts {
    const startedAt = performance.now();
    let failures = 0;
    return {
      succeeded: () => {
        this.#hasAnswered = true;
      },
      again: async (error, canRepeat) => {
        if (error instanceof ApiError) this.#hasAnswered = true;
        const spentMs = performance.now() - startedAt;
        const waitMs = this.#waitMs(error, canRepeat, failures++, this.#forMs - spentMs);
        signal?.throwIfAborted();
        if (waitMs === undefined) throw error;
        if (spentMs + waitMs > TOLD_AFTER_MS) this.#tell(error);
        await sleep(waitMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
      },
    };
  }

  /** Returns the wait before the next attempt; undefined if there is none. */
  #waitMs(error: unknown, canRepeat: boolean, failures: number, leftMs: number): number | undefined {
    if (!isPassing(error)) return undefined;
    const postponedMs = error instanceof ApiError ? error.retryAfterMs : undefined;
    // The API server has not begun to work on a request that it answers by 429.
    const isPostponed = error instanceof ApiError && error.code === 429;
    if (isPostponed && postponedMs !== undefined && failures < MOST_POSTPONEMENTS) return postponedMs;
    if (!(canRepeat || isPostponed) || (error instanceof Unreachable && !this.#mayAnswer(error)))
      return undefined;
    const longestMs = Math.min(this.#pauseMs * 2 ** failures, LONGEST_PAUSE_MS);
    // Many clients that failed at once must not come back at once.
    const waitMs = Math.max(longestMs * (0.5 + Math.random() / 2), postponedMs ?? 0);
    return waitMs < leftMs ? waitMs : undefined;
  }

  /** Whether a server that did not answer may do so soon. One that has never answered may not exist. */
  #mayAnswer({ cause }: Unreachable): boolean {
    const code = errorCode(cause);
    if (NEVER.test(code)) return false;
    return this.#hasAnswered || !ABSENT.test(code);
  }

  #tell(error: unknown): void {
    const now = performance.now();
    if (!(error instanceof Error) || now - this.#toldAt < TOLD_EVERY_MS) return;
    this.#toldAt = now;
    this.#onWait?.(`${error.message.replace(/\.$/, "")}; asking again for up to ${this.#forMs / 1_000} s`);
  }
}

/** The attempts of one request. */
export interface Attempts {
  succeeded(): void;
  /**
   * Waits before the next attempt.
   * @param canRepeat whether the request may be sent twice
   * @throws the given error if the request is not sent again
   */
  again(error: unknown, canRepeat: boolean): Promise<void>;
}

// A certificate does not become valid by asking again.
const NEVER = /CERT|VERIFY|ISSUER|EPROTO/;
const ABSENT = /REFUSED|NOTFOUND|FailedToOpenSocket|ConnectionRefused/;
