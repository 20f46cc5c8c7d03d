import fc from "fast-check";
import { optional, responseChanges } from "../headers/arbitrary.ts";
import { match } from "../match/arbitrary.ts";

/** A rule with a direct response. */
export const answering = fc.record(
  {
    match: fc.array(match, { minLength: 1, maxLength: 3 }),
    directResponse: fc.oneof(
      fc.record({ status: fc.constantFrom(200, 204, 304, 404, 503) }),
      fc.record({
        status: fc.constantFrom(200, 404, 503),
        body: fc.record({ string: fc.constantFrom("", "hello", "{}") }),
      }),
      fc.record({
        status: fc.constantFrom(200),
        body: fc.record({ bytes: fc.constantFrom("aGVsbG8=", "AP8=") }),
      }),
    ),
    headers: fc.record({ response: responseChanges }, optional),
  },
  { requiredKeys: ["directResponse"] },
);
