import fc from "fast-check";
import { corsHeaders, corsPolicy } from "../../scripts/route-fields/cors/arbitrary.ts";
import type { Rule, Wish } from "./cases.ts";
import { match, method, optional, path, value } from "../../scripts/route-fields/match/arbitrary.ts";
import { ASKS, MIRROR, REVISIONS } from "./echo-names.ts";

const changedName = fc.constantFrom(
  "h-one",
  "X-Set",
  "x-old",
  "x-many",
  "h-two",
  "content-type",
  "cache-control",
);
const changes = fc.record(
  {
    set: fc.dictionary(changedName, value, { minKeys: 1, maxKeys: 2 }),
    add: fc.dictionary(changedName, value, { minKeys: 1, maxKeys: 2 }),
    remove: fc.array(changedName, { minLength: 1, maxLength: 2 }),
  },
  optional,
);
const requestChanges = fc.record(
  {
    set: fc.dictionary(
      fc.oneof(changedName, fc.constantFrom("Host", "x-forwarded-proto")),
      fc.constantFrom("a", "b.example", "ab"),
      {
        minKeys: 1,
        maxKeys: 2,
      },
    ),
    add: fc.dictionary(changedName, value, { minKeys: 1, maxKeys: 2 }),
    remove: fc.array(changedName, { minLength: 1, maxLength: 2 }),
  },
  optional,
);
const headers = fc.record({ request: requestChanges, response: changes }, optional);
const destination = fc.oneof(
  { weight: 4, arbitrary: fc.record({ host: fc.constantFrom(...REVISIONS) }) },
  { weight: 1, arbitrary: fc.constant({ host: "echo-one", subset: "own" }) },
);
const routed = fc.record(
  { destination, weight: fc.constantFrom(0, 1, 10, 50, 90), headers },
  { requiredKeys: ["destination"] },
);
const newPath = fc.constantFrom("/", "/x", "/x/", "/a/b");
const rewrite = fc.oneof(
  fc.record({ uri: newPath }),
  fc.record({ uri: newPath, authority: fc.constantFrom("x.example", "x.example:81") }),
  fc.record({ authority: fc.constantFrom("x.example", "y.example") }),
  fc.record({
    uriRegexRewrite: fc.constantFrom(
      { match: "^/a/([^/]+)(.*)$", rewrite: "/r\\2/\\1" },
      { match: "a", rewrite: "-" },
      { match: "/([ab])", rewrite: "/<\\1>" },
      { match: "b*", rewrite: "_" },
    ),
  }),
);
const retries = fc.oneof(
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
const always = fc.constantFrom({ value: 100 }, { value: 0 });
const fault = fc.oneof(
  fc.record({ abort: fc.record({ percentage: always, httpStatus: fc.constantFrom(400, 418, 503, 599) }) }),
  fc.record({ delay: fc.record({ percentage: always, fixedDelay: fc.constant("0.03s") }) }),
);
const matches = fc.array(match, { minLength: 1, maxLength: 3 });
const forwarding = fc.record(
  {
    match: matches,
    route: fc.array(routed, { minLength: 1, maxLength: 3 }),
    headers,
    rewrite,
    retries,
    fault,
    corsPolicy,
    timeout: fc.constant("0.15s"),
    mirror: fc.constant({ host: MIRROR }),
    mirrorPercentage: always,
  },
  { requiredKeys: ["route"] },
);
const redirecting = fc.record(
  {
    match: matches,
    redirect: fc.record(
      {
        uri: fc.constantFrom("/new", "/new?x=1", "/"),
        authority: fc.constantFrom("r.example", "r.example:81"),
        scheme: fc.constantFrom("http", "https"),
        port: fc.constantFrom(80, 443, 8443),
        redirectCode: fc.constantFrom(301, 302, 303, 307, 308),
      },
      optional,
    ),
    headers: fc.record({ response: changes }, optional),
  },
  { requiredKeys: ["redirect"] },
);
/** Redirects that take something of the request, which Istio lets only some conditions do. */
const deriving = fc.record(
  {
    match: fc.array(fc.oneof(fc.record({ uri: fc.record({ prefix: path }) }), fc.record({ method })), {
      minLength: 1,
      maxLength: 2,
    }),
    redirect: fc.record(
      {
        prefixRewrite: fc.constantFrom("/", "/new", "/new/", "/n?x=1"),
        derivePort: fc.constantFrom("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"),
        authority: fc.constantFrom("r.example", "r.example:81"),
        scheme: fc.constantFrom("http", "https"),
        redirectCode: fc.constantFrom(302, 307),
      },
      { requiredKeys: ["derivePort"] },
    ),
  },
  { requiredKeys: ["redirect"] },
);
const answering = fc.record(
  {
    match: matches,
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
    headers: fc.record({ response: changes }, optional),
  },
  { requiredKeys: ["directResponse"] },
);
/** A rule, not all of which Istio takes; `toRules` puts it right. */
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
/** A request that often meets such a rule, and sometimes asks the echo to fail. */
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

/** The same, of which some come from a page of another origin. */
export const wish: fc.Arbitrary<Wish> = fc.oneof(
  { weight: 3, arbitrary: plainWish },
  {
    weight: 1,
    arbitrary: fc
      .tuple(plainWish, corsHeaders, fc.constantFrom("OPTIONS", "GET"))
      .map(([one, headers, method]) => ({ ...one, method, headers: [...one.headers, ...headers], body: "" })),
  },
);
