import fc from "fast-check";

/** A percentage of 0 or 100, so that two proxies can be compared. */
export const always = fc.constantFrom({ value: 100 }, { value: 0 });

/** A `fault` that delays or aborts. */
export const fault = fc.oneof(
  fc.record({ abort: fc.record({ percentage: always, httpStatus: fc.constantFrom(400, 418, 503, 599) }) }),
  fc.record({ delay: fc.record({ percentage: always, fixedDelay: fc.constant("0.03s") }) }),
);
