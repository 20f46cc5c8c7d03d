import Type, { type Static, type TSchemaOptions } from "typebox";
import { Duration, type FieldNotes, strict } from "../schema/schema.ts";
import { Headers } from "./headers/schema.ts";
import { HTTPMatchRequest } from "./match/schema.ts";

const outside = (what: string): string =>
  `the local mesh does not ${what}: leave it out, or try it on a cluster`;

const Path = Type.String({
  pattern: "^/[\\x21-\\x7e]*$",
  expected: "a path that begins with / and has neither blanks nor letters beyond ASCII",
} satisfies FieldNotes & TSchemaOptions);

const Authority = Type.String({
  pattern: "^[-A-Za-z0-9._]+(:[0-9]+)?$",
  expected: "a host name, which may have a port",
} satisfies FieldNotes & TSchemaOptions);

/** A part of the requests. Istio takes none that Envoy, which counts in millionths, would take for 0. */
const Percent = strict({
  value: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 100,
    }),
  ),
});

/** A host that requests are sent to. */
const Destination = strict({
  host: Type.String({ minLength: 1 }),
  port: Type.Optional(strict({ number: Type.Integer({ minimum: 1, maximum: 65535 }) })),
  subset: Type.Optional(Type.String({ minLength: 1 })),
});

const HTTPRouteDestination = strict({
  destination: Destination,
  weight: Type.Optional(Type.Integer({ minimum: 0, maximum: 4294967295 })),
  headers: Type.Optional(Headers),
});

const HTTPStatus = Type.Integer({ minimum: 200, maximum: 599 });

const Fault = strict(
  {
    delay: Type.Optional(
      strict(
        { percentage: Type.Optional(Percent), fixedDelay: Duration },
        {
          refused: {
            percent: "this is deprecated: write percentage: {value: …}",
            exponentialDelay: "Istio does not act on it: write fixedDelay",
          },
        },
      ),
    ),
    abort: Type.Optional(
      strict(
        { percentage: Type.Optional(Percent), httpStatus: HTTPStatus },
        {
          refused: {
            grpcStatus: outside("speak gRPC"),
            http2Error: "Istio does not act on it: write httpStatus",
          },
        },
      ),
    ),
  },
  { minProperties: 1, expected: "delay, abort or both" },
);

const DirectResponse = strict({
  status: HTTPStatus,
  body: Type.Optional(
    strict(
      {
        string: Type.Optional(Type.String({ maxLength: 1_048_576 })),
        bytes: Type.Optional(
          Type.String({
            maxLength: 1_398_104,
            pattern:
              "^([-+/_0-9A-Za-z]{4})*([-+/_0-9A-Za-z]{4}|[-+/_0-9A-Za-z]{2}(==)?|[-+/_0-9A-Za-z]{3}=?)$",
            expected: "bytes in base64, at least one",
          } satisfies FieldNotes & TSchemaOptions),
        ),
      },
      { minProperties: 1, maxProperties: 1, expected: "either string or bytes" },
    ),
  ),
});

const Redirect = strict(
  {
    uri: Type.Optional(Path),
    authority: Type.Optional(Authority),
    scheme: Type.Optional(Type.Enum(["http", "https"])),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
    derivePort: Type.Optional(Type.Enum(["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"])),
    prefixRewrite: Type.Optional(Path),
    redirectCode: Type.Optional(Type.Enum([301, 302, 303, 307, 308])),
  },
  {
    minProperties: 1,
    expected: "at least one of uri, prefixRewrite, authority, scheme, port and derivePort",
  },
);

const Rewrite = strict(
  {
    uri: Type.Optional(Path),
    authority: Type.Optional(Authority),
    uriRegexRewrite: Type.Optional(
      strict({
        match: Type.String({ minLength: 1, maxLength: 1024 }),
        rewrite: Type.String({ minLength: 1 }),
      }),
    ),
  },
  { minProperties: 1, expected: "uri or uriRegexRewrite, authority, or both" },
);

const Retries = strict({
  attempts: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  perTryTimeout: Type.Optional(Duration),
  retryOn: Type.Optional(Type.String()),
  backoff: Type.Optional(Duration),
  retryIgnorePreviousHosts: Type.Optional(Type.Boolean()),
  // One machine is one locality.
  retryRemoteLocalities: Type.Optional(
    Type.Boolean({ clusterOnly: true } satisfies FieldNotes & TSchemaOptions),
  ),
});

/** A rule of a VirtualService. */
export const HTTPRoute = strict(
  {
    name: Type.Optional(Type.String()),
    match: Type.Optional(Type.Array(HTTPMatchRequest, { minItems: 1 })),
    route: Type.Optional(Type.Array(HTTPRouteDestination, { minItems: 1 })),
    redirect: Type.Optional(Redirect),
    directResponse: Type.Optional(DirectResponse),
    rewrite: Type.Optional(Rewrite),
    fault: Type.Optional(Fault),
    mirror: Type.Optional(Destination),
    mirrorPercentage: Type.Optional(Percent),
    mirrors: Type.Optional(
      Type.Array(strict({ destination: Destination, percentage: Type.Optional(Percent) }), { minItems: 1 }),
    ),
    headers: Type.Optional(Headers),
    timeout: Type.Optional(Duration),
    retries: Type.Optional(Retries),
  },
  {
    refused: {
      delegate: outside("follow delegates"),
      mirrorPercent: "this is deprecated: write mirrorPercentage: {value: …}",
      corsPolicy: outside("answer CORS requests"),
    },
  },
);

export type HTTPRoute = Static<typeof HTTPRoute>;
export type HTTPRouteDestination = Static<typeof HTTPRouteDestination>;
export type Destination = Static<typeof Destination>;
export type Percent = Static<typeof Percent>;
