import fc from "fast-check";

/** A `retries` block whose conditions and time limit often matter. */
export const retries = fc.oneof(
  fc.constant({ attempts: 0 }),
  fc.record({
    attempts: fc.constantFrom(1, 2, 3),
    retryOn: fc.constantFrom(
      "5xx",
      "gateway-error",
      "reset",
      "503",
      "409,500",
      "retriable-4xx",
      "connect-failure",
    ),
  }),
  fc.record({ attempts: fc.constantFrom(1, 2) }),
  fc.record(
    {
      attempts: fc.constantFrom(1, 2, 4),
      retryOn: fc.constantFrom("5xx", "reset", "503"),
      perTryTimeout: fc.constant("0.12s"),
      backoff: fc.constantFrom("1ms", "2ms", "0.01s"),
      retryIgnorePreviousHosts: fc.boolean(),
      retryRemoteLocalities: fc.boolean(),
    },
    { requiredKeys: ["attempts", "retryOn", "backoff"] },
  ),
);

/** A time limit that a slow answer exceeds. */
export const timeout = fc.constant("0.15s");
