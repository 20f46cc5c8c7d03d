import fc from "fast-check";
import { corsHeaders, corsPolicy } from "../../scripts/route-fields/cors/arbitrary.ts";
import type { Rule, Wish } from "./cases.ts";
import { destinations } from "../../scripts/route-fields/destinations/arbitrary.ts";
import { answering } from "../../scripts/route-fields/direct-response/arbitrary.ts";
import { fault } from "../../scripts/route-fields/fault/arbitrary.ts";
import { headers } from "../../scripts/route-fields/headers/arbitrary.ts";
import { match, path } from "../../scripts/route-fields/match/arbitrary.ts";
import { mirroring } from "../../scripts/route-fields/mirror/arbitrary.ts";
import { deriving, redirecting } from "../../scripts/route-fields/redirect/arbitrary.ts";
import { retries, timeout } from "../../scripts/route-fields/retries/arbitrary.ts";
import { rewrite } from "../../scripts/route-fields/rewrite/arbitrary.ts";
import { ASKS, MIRROR, REVISIONS } from "./echo-names.ts";

const forwarding = fc.record(
  {
    match: fc.array(match, { minLength: 1, maxLength: 3 }),
    route: destinations(REVISIONS, { host: "echo-one", subset: "own" }),
    headers,
    rewrite,
    retries,
    fault,
    corsPolicy,
    timeout,
    ...mirroring(MIRROR),
  },
  { requiredKeys: ["route"] },
);
/** A rule, possibly with parts that Istio refuses together; `toRules` repairs it. */
export const rule: fc.Arbitrary<Rule> = fc.oneof(
  { weight: 6, arbitrary: forwarding },
  { weight: 1, arbitrary: redirecting },
  { weight: 1, arbitrary: deriving },
  { weight: 1, arbitrary: answering },
);

const asked = fc.constantFrom("p=a", "p=b", "q=1", "p", "p=", "q=a&q=b", "P=a", "p=a%2Cb", "p=ab&q", "");
const requestHeader = fc.tuple(
  fc.constantFrom("h-one", "h-two", "h-three", "x-old", "X-Set", "cookie", "content-type"),
  fc.constantFrom("", "a", "b", "ab", "A", "a,b", "1", "a, b"),
);
/** A request that often matches such a rule, and sometimes makes the echo fail. */
const plainWish: fc.Arbitrary<Wish> = fc.record({
  method: fc.constantFrom("GET", "GET", "GET", "POST", "HEAD", "PUT", "OPTIONS", "PURGE"),
  target: fc.oneof(
    path,
    fc.tuple(path, asked).map(([before, query]) => `${before}?${query}`),
  ),
  headers: fc.array(
    fc.oneof(
      { weight: 40, arbitrary: requestHeader },
      {
        weight: 5,
        arbitrary: fc.tuple(
          fc.constant<string>(ASKS.fail),
          fc.constantFrom("503 1", "500 2", "409 1", "502 5", "reset 1", "503 3"),
        ),
      },
      { weight: 1, arbitrary: fc.tuple(fc.constant<string>(ASKS.sleep), fc.constant("300")) },
    ),
    { maxLength: 4 },
  ),
  body: fc.constantFrom("", "", "hello"),
});

/** The same, sometimes from a page of another origin. */
export const wish: fc.Arbitrary<Wish> = fc.oneof(
  { weight: 3, arbitrary: plainWish },
  {
    weight: 1,
    arbitrary: fc
      .tuple(plainWish, corsHeaders, fc.constantFrom("OPTIONS", "GET"))
      .map(([one, headers, method]) => ({ ...one, method, headers: [...one.headers, ...headers], body: "" })),
  },
);
