import Type, { type Static } from "typebox";
import { strict } from "../../schema/schema.ts";
import { headerMap } from "../headers/schema.ts";
import { outside } from "../../schema/route-schema.ts";

const EXACTLY_ONE = "exactly one of exact, prefix and regex";

/** How a string is compared. Without any of the three, every string fits. */
export const StringMatch = strict(
  {
    exact: Type.Optional(Type.String()),
    prefix: Type.Optional(Type.String({ minLength: 1 })),
    regex: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
  },
  { maxProperties: 1, expected: EXACTLY_ONE },
);

/** The same for a path; an empty prefix would match every path. */
const UriMatch = strict(
  {
    exact: Type.Optional(Type.String()),
    prefix: Type.Optional(Type.String()),
    regex: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
  },
  { maxProperties: 1, expected: EXACTLY_ONE },
);

/** A string match for a value that may be missing: `{}` matches any present value. */
const ValueMatch = strict(
  {
    exact: Type.Optional(Type.String()),
    prefix: Type.Optional(Type.String({ minLength: 1 })),
    regex: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
  },
  { maxProperties: 1, expected: `${EXACTLY_ONE}, or {} for presence` },
);

/** The name of a header, or Istio's name for a claim of a token: `@request.auth.claims.NAME`. */
const MatchedHeader = "^(@request\\.auth\\.claims[.\\[].*|[-!#$%&'*+.^_`|~0-9A-Za-z]+)$";

/** A condition on a request in a rule of a VirtualService. */
export const HTTPMatchRequest = strict(
  {
    name: Type.Optional(Type.String()),
    uri: Type.Optional(UriMatch),
    ignoreUriCase: Type.Optional(Type.Boolean()),
    method: Type.Optional(StringMatch),
    authority: Type.Optional(StringMatch),
    headers: Type.Optional(headerMap(ValueMatch, MatchedHeader)),
    withoutHeaders: Type.Optional(headerMap(ValueMatch)),
    queryParams: Type.Optional(Type.Record(Type.String({ minLength: 1 }), ValueMatch)),
    gateways: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
    sourceLabels: Type.Optional(Type.Record(Type.String(), Type.String())),
    sourceNamespace: Type.Optional(Type.String()),
    // 0 means none.
    port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65535 })),
    scheme: Type.Optional(StringMatch),
  },
  {
    unsupported: {
      scheme: outside("match on the scheme"),
      port: outside("match on the port"),
      sourceLabels: outside("know the caller"),
      sourceNamespace: outside("know the caller"),
      statPrefix: outside("keep Envoy's statistics"),
    },
  },
);

export type HTTPMatchRequest = Static<typeof HTTPMatchRequest>;
export type StringMatch = Static<typeof StringMatch>;
export type ValueMatch = Static<typeof ValueMatch>;
