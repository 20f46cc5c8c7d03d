import Type, { type Static, type TSchema } from "typebox";

// What lint reads of each kind. Any other field may stand there: whether it is right is for the API server to say.

const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);
const Texts = Type.Array(Type.String());
const TextMap = Type.Record(Type.String(), Type.String());

const metadata = Type.Object({
  name: Type.String(),
  namespace: optional(Type.String()),
  labels: optional(TextMap),
});

const StringMatch = Type.Object({
  exact: optional(Type.String()),
  prefix: optional(Type.String()),
  regex: optional(Type.String()),
});

const Operations = Type.Object({
  set: optional(TextMap),
  add: optional(TextMap),
  remove: optional(Texts),
});
const Headers = Type.Object({ request: optional(Operations), response: optional(Operations) });

const Destination = Type.Object({
  host: Type.String(),
  subset: optional(Type.String()),
  port: optional(Type.Object({ number: optional(Type.Integer()) })),
});

const HTTPRoute = Type.Object({
  match: optional(
    Type.Array(
      Type.Object({
        uri: optional(StringMatch),
        authority: optional(StringMatch),
        headers: optional(Type.Record(Type.String(), StringMatch)),
        gateways: optional(Texts),
        sourceLabels: optional(TextMap),
      }),
    ),
  ),
  route: optional(
    Type.Array(
      Type.Object({ destination: Destination, weight: optional(Type.Integer()), headers: optional(Headers) }),
    ),
  ),
  rewrite: optional(Type.Object({ uri: optional(Type.String()), authority: optional(Type.String()) })),
  redirect: optional(Type.Object({})),
  directResponse: optional(Type.Object({})),
  delegate: optional(Type.Object({ name: Type.String(), namespace: optional(Type.String()) })),
  retries: optional(Type.Object({})),
  headers: optional(Headers),
});

export const VirtualService = Type.Object({
  metadata,
  spec: Type.Object({
    hosts: optional(Texts),
    gateways: optional(Texts),
    http: optional(Type.Array(HTTPRoute)),
  }),
});

export const DestinationRule = Type.Object({
  metadata,
  spec: Type.Object({
    host: Type.String(),
    subsets: optional(Type.Array(Type.Object({ name: Type.String() }))),
  }),
});

export const KnativeService = Type.Object({
  metadata,
  spec: Type.Object({
    template: Type.Object({ metadata: optional(Type.Object({ name: optional(Type.String()) })) }),
    traffic: optional(
      Type.Array(
        Type.Object({
          revisionName: optional(Type.String()),
          latestRevision: optional(Type.Boolean()),
          tag: optional(Type.String()),
        }),
      ),
    ),
  }),
});

const Selector = Type.Object({ matchLabels: optional(TextMap) });

export const PeerAuthentication = Type.Object({
  metadata,
  spec: optional(
    Type.Object({
      selector: optional(Selector),
      mtls: optional(Type.Object({ mode: optional(Type.String()) })),
      portLevelMtls: optional(Type.Record(Type.String(), Type.Object({ mode: optional(Type.String()) }))),
    }),
  ),
});

const Source = Type.Object({ principals: optional(Texts), namespaces: optional(Texts) });
const Operation = Type.Object({ paths: optional(Texts), ports: optional(Texts), notPaths: optional(Texts) });

export const AuthorizationPolicy = Type.Object({
  metadata,
  spec: optional(
    Type.Object({
      selector: optional(Selector),
      action: optional(Type.String()),
      rules: optional(
        Type.Array(
          Type.Object({
            from: optional(Type.Array(Type.Object({ source: Source }))),
            to: optional(Type.Array(Type.Object({ operation: Operation }))),
          }),
        ),
      ),
    }),
  ),
});

/** Objects of which only the name matters, and what they are called in Kubernetes. */
export const Named = Type.Object({ metadata });

export const ServiceEntry = Type.Object({ metadata, spec: Type.Object({ hosts: Texts }) });

export type VirtualService = Static<typeof VirtualService>;
export type HTTPRoute = Static<typeof HTTPRoute>;
export type DestinationRule = Static<typeof DestinationRule>;
export type KnativeService = Static<typeof KnativeService>;
export type PeerAuthentication = Static<typeof PeerAuthentication>;
export type AuthorizationPolicy = Static<typeof AuthorizationPolicy>;
export type Named = Static<typeof Named>;
export type ServiceEntry = Static<typeof ServiceEntry>;
