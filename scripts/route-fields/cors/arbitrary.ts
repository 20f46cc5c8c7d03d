import fc from "fast-check";

const origin = fc.oneof(
  fc.record({ exact: fc.constantFrom("https://a.example", "*") }),
  fc.record({ prefix: fc.constant("https://a.") }),
  fc.record({ regex: fc.constantFrom("https://[ab][.]example", ".*") }),
);
const headerNames = fc.constantFrom(["*"], ["x-one"], ["x-one", "x-two"]);

/** A `corsPolicy` that Istio accepts. */
export const corsPolicy = fc.record(
  {
    allowOrigins: fc.array(origin, { minLength: 1, maxLength: 2 }),
    allowMethods: fc.constantFrom(["*"], ["GET", "POST"]),
    allowHeaders: headerNames,
    exposeHeaders: headerNames,
    maxAge: fc.constantFrom("1s", "24h", "1m30s"),
    allowCredentials: fc.boolean(),
    unmatchedPreflights: fc.constantFrom("UNSPECIFIED", "FORWARD", "IGNORE"),
  },
  { requiredKeys: ["allowOrigins"] },
);

const origins = fc.constantFrom("https://a.example", "https://b.example", "https://c.example", "");
const askedMethod = fc.constantFrom("GET", "PUT", "");
const askedHeaders = fc.constantFrom("x-one", "x-one,x-two");

/** Headers of requests that such a policy acts on. */
export const corsHeaders: fc.Arbitrary<[string, string][]> = fc
  .record(
    {
      origin: origins,
      "access-control-request-method": askedMethod,
      "access-control-request-headers": askedHeaders,
    },
    { requiredKeys: ["origin"] },
  )
  .map((headers) => Object.entries(headers));
