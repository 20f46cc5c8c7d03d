import Type, { type Static, type TSchema, type TSchemaOptions } from "typebox";
import { Duration, type FieldNotes, Metadata, REFUSED_OF_OBJECTS, strict } from "../schema.ts";

const later = (what: string): string =>
  `the local mesh does not ${what} yet: leave it out, or try it on a cluster`;

/** How a string is compared. Exactly one of the three is given. */
const StringMatch = strict(
  {
    exact: Type.Optional(Type.String()),
    prefix: Type.Optional(Type.String({ minLength: 1 })),
    regex: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
  },
  { minProperties: 1, maxProperties: 1, expected: "exactly one of exact, prefix and regex" },
);

const HeaderName = "^[-!#$%&'*+.^_`|~0-9A-Za-z]+$";

/** A map whose keys are names of headers. */
const headerMap = <T extends TSchema>(value: T) =>
  Type.Record(Type.String({ pattern: HeaderName }), value, {
    additionalProperties: false,
    expectedKey: "the name of a header",
  } satisfies FieldNotes & TSchemaOptions);

const HTTPMatchRequest = strict(
  {
    name: Type.Optional(Type.String()),
    uri: Type.Optional(StringMatch),
    method: Type.Optional(StringMatch),
    authority: Type.Optional(StringMatch),
    headers: Type.Optional(headerMap(StringMatch)),
    gateways: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })),
  },
  {
    refused: {
      scheme: later("match on the scheme"),
      port: later("match on the port"),
      sourceLabels: later("know the caller"),
      sourceNamespace: later("know the caller"),
      queryParams: later("match on query parameters"),
      withoutHeaders: later("match on absent headers"),
      ignoreUriCase: later("ignore the case of a path"),
      statPrefix: later("keep Envoy's statistics"),
    },
  },
);

// Envoy passes over an empty value, so that a header set to nothing would keep what it was.
const HeaderValues = headerMap(
  Type.String({
    pattern: "^[\\t\\x20-\\x7e]+$",
    expected: "the value of a header: printable ASCII, at least one character",
  } satisfies FieldNotes & TSchemaOptions),
);

const HeaderOperations = strict({
  set: Type.Optional(HeaderValues),
  add: Type.Optional(HeaderValues),
  remove: Type.Optional(
    Type.Array(
      Type.String({ pattern: HeaderName, expected: "the name of a header" } satisfies FieldNotes &
        TSchemaOptions),
    ),
  ),
});

const Headers = strict({
  request: Type.Optional(HeaderOperations),
  response: Type.Optional(HeaderOperations),
});

const Path = Type.String({
  pattern: "^/[\\x21-\\x7e]*$",
  expected: "a path that begins with / and has neither blanks nor letters beyond ASCII",
} satisfies FieldNotes & TSchemaOptions);

const Authority = Type.String({
  pattern: "^[-A-Za-z0-9._]+(:[0-9]+)?$",
  expected: "a host name, which may have a port",
} satisfies FieldNotes & TSchemaOptions);

const HTTPRouteDestination = strict({
  destination: strict(
    {
      host: Type.String({ minLength: 1 }),
      port: Type.Optional(strict({ number: Type.Integer({ minimum: 1, maximum: 65535 }) })),
    },
    { refused: { subset: later("know the subsets of a DestinationRule") } },
  ),
  weight: Type.Optional(Type.Integer({ minimum: 0, maximum: 4294967295 })),
  headers: Type.Optional(Headers),
});

const HTTPRoute = strict(
  {
    name: Type.Optional(Type.String()),
    match: Type.Optional(Type.Array(HTTPMatchRequest, { minItems: 1 })),
    route: Type.Optional(Type.Array(HTTPRouteDestination, { minItems: 1 })),
    redirect: Type.Optional(
      strict(
        {
          uri: Type.Optional(Path),
          authority: Type.Optional(Authority),
          scheme: Type.Optional(Type.Enum(["http", "https"])),
          port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
          redirectCode: Type.Optional(Type.Enum([301, 302, 303, 307, 308])),
        },
        {
          minProperties: 1,
          expected: "at least one of uri, authority, scheme and port",
          refused: { derivePort: "give the port, or leave it out" },
        },
      ),
    ),
    rewrite: Type.Optional(
      strict(
        { uri: Type.Optional(Path), authority: Type.Optional(Authority) },
        {
          minProperties: 1,
          expected: "uri, authority or both",
          refused: { uriRegexRewrite: later("rewrite by a regular expression") },
        },
      ),
    ),
    headers: Type.Optional(Headers),
    timeout: Type.Optional(Duration),
    retries: Type.Optional(
      strict(
        {
          attempts: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
          perTryTimeout: Type.Optional(Duration),
          retryOn: Type.Optional(Type.String()),
        },
        {
          refused: {
            retryRemoteLocalities: later("know localities"),
            retryIgnorePreviousHosts: later("know several hosts of one destination"),
            backoff: later("wait between attempts"),
          },
        },
      ),
    ),
  },
  {
    refused: {
      directResponse: later("answer by itself"),
      delegate: later("follow delegates"),
      fault: later("inject faults"),
      mirror: later("mirror requests"),
      mirrors: later("mirror requests"),
      mirrorPercent: later("mirror requests"),
      mirrorPercentage: later("mirror requests"),
      corsPolicy: later("answer CORS requests"),
    },
  },
);

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const HOST = `(\\*|(\\*\\.)?${LABEL}(\\.${LABEL})*)`;

const Host = Type.String({
  pattern: `^${HOST}$`,
  expected: "the name of a host, *.NAME or *, in lower case and without a port",
} satisfies FieldNotes & TSchemaOptions);

/** A host of a Gateway, which may say to the VirtualServices of which namespace it is open: `./`, `NAMESPACE/`. */
const GatewayHost = Type.String({
  pattern: `^((\\*|\\.|${LABEL})/)?${HOST}$`,
  expected: "HOST or NAMESPACE/HOST, in lower case and without a port",
} satisfies FieldNotes & TSchemaOptions);

/** What this tool reads of a `networking.istio.io` VirtualService. */
export const VirtualService = strict(
  {
    apiVersion: Type.Enum([
      "networking.istio.io/v1",
      "networking.istio.io/v1beta1",
      "networking.istio.io/v1alpha3",
    ]),
    kind: Type.Literal("VirtualService"),
    metadata: Metadata,
    spec: strict(
      {
        hosts: Type.Array(Host, { minItems: 1 }),
        gateways: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })),
        exportTo: Type.Optional(
          Type.Array(Type.String({ minLength: 1 }), { minItems: 1, clusterOnly: true } satisfies FieldNotes &
            TSchemaOptions),
        ),
        http: Type.Array(HTTPRoute, { minItems: 1 }),
      },
      {
        refused: {
          tls: "the local mesh speaks plain HTTP: use http",
          tcp: "the local mesh speaks HTTP only: use http",
        },
      },
    ),
  },
  { refused: REFUSED_OF_OBJECTS },
);

/** What this tool reads of a `networking.istio.io` Gateway. */
export const Gateway = strict(
  {
    apiVersion: Type.Enum([
      "networking.istio.io/v1",
      "networking.istio.io/v1beta1",
      "networking.istio.io/v1alpha3",
    ]),
    kind: Type.Literal("Gateway"),
    metadata: Metadata,
    spec: strict({
      selector: Type.Record(Type.String(), Type.String(), {
        minProperties: 1,
        expected: "at least one label",
      }),
      servers: Type.Array(
        strict(
          {
            name: Type.Optional(Type.String()),
            port: strict(
              {
                number: Type.Integer({ minimum: 1, maximum: 65535 }),
                name: Type.String({ minLength: 1 }),
                protocol: Type.Enum(["HTTP"]),
              },
              { refused: { targetPort: "Istio ignores targetPort: leave it out" } },
            ),
            hosts: Type.Array(GatewayHost, { minItems: 1 }),
          },
          {
            refused: {
              tls: "the local mesh speaks plain HTTP",
              bind: "the local mesh listens on 127.0.0.1 only",
              defaultEndpoint: "the local mesh has no default endpoint",
            },
          },
        ),
        { minItems: 1 },
      ),
    }),
  },
  { refused: REFUSED_OF_OBJECTS },
);

export type VirtualService = Static<typeof VirtualService>;
export type HTTPRoute = Static<typeof HTTPRoute>;
export type HTTPRouteDestination = Static<typeof HTTPRouteDestination>;
export type HTTPMatchRequest = Static<typeof HTTPMatchRequest>;
export type StringMatch = Static<typeof StringMatch>;
export type HeaderOperations = Static<typeof HeaderOperations>;
export type Gateway = Static<typeof Gateway>;
