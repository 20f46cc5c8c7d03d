/** What a service is doing, for those who look after it. One object, shared by all parts of a process. */
export interface Activity {
  /** It is on its way out. Set by the lifecycle, shown by the readiness probe. */
  draining: boolean;
  /** Requests that have begun and not ended; their callers may be gone already. */
  calls: number;
}
