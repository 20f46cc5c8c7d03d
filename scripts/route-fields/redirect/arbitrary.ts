import fc from "fast-check";
import { optional, responseChanges } from "../headers/arbitrary.ts";
import { match, method, path } from "../match/arbitrary.ts";

/** A rule that redirects to a fixed address. */
export const redirecting = fc.record(
  {
    match: fc.array(match, { minLength: 1, maxLength: 3 }),
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
    headers: fc.record({ response: responseChanges }, optional),
  },
  { requiredKeys: ["redirect"] },
);

/** A rule whose redirect keeps a part of the request, which Istio accepts with some conditions only. */
export const deriving = fc.record(
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
