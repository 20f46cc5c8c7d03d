import Type, { type Static } from "typebox";
import { SubdomainMetadata, OBJECT_FILLED_IN, strict } from "../../schema/schema.ts";

const SECURITY_VERSIONS = Type.Enum(["security.istio.io/v1", "security.istio.io/v1beta1"]);
const Texts = Type.Optional(Type.Array(Type.String()));
const Selector = strict({ matchLabels: Type.Optional(Type.Record(Type.String(), Type.String())) });
const MutualTls = strict({
  mode: Type.Optional(Type.Enum(["UNSET", "DISABLE", "PERMISSIVE", "STRICT"])),
});

/** A `security.istio.io` PeerAuthentication: which callers of a pod need mutual TLS. */
export const PeerAuthentication = strict(
  {
    apiVersion: SECURITY_VERSIONS,
    kind: Type.Literal("PeerAuthentication"),
    metadata: SubdomainMetadata,
    spec: Type.Optional(
      strict({
        selector: Type.Optional(Selector),
        mtls: Type.Optional(MutualTls),
        portLevelMtls: Type.Optional(Type.Record(Type.String(), MutualTls)),
      }),
    ),
  },
  { filledIn: OBJECT_FILLED_IN },
);

const Source = strict({
  principals: Texts,
  notPrincipals: Texts,
  requestPrincipals: Texts,
  notRequestPrincipals: Texts,
  namespaces: Texts,
  notNamespaces: Texts,
  serviceAccounts: Texts,
  notServiceAccounts: Texts,
  ipBlocks: Texts,
  notIpBlocks: Texts,
  remoteIpBlocks: Texts,
  notRemoteIpBlocks: Texts,
});

const Operation = strict({
  hosts: Texts,
  notHosts: Texts,
  ports: Texts,
  notPorts: Texts,
  methods: Texts,
  notMethods: Texts,
  paths: Texts,
  notPaths: Texts,
});

const TargetReference = strict({
  group: Type.Optional(Type.String()),
  kind: Type.String(),
  name: Type.String(),
  namespace: Type.Optional(Type.String()),
});

/** A `security.istio.io` AuthorizationPolicy: the allowed callers of a pod. */
export const AuthorizationPolicy = strict(
  {
    apiVersion: SECURITY_VERSIONS,
    kind: Type.Literal("AuthorizationPolicy"),
    metadata: SubdomainMetadata,
    spec: Type.Optional(
      strict({
        selector: Type.Optional(Selector),
        targetRef: Type.Optional(TargetReference),
        targetRefs: Type.Optional(Type.Array(TargetReference)),
        action: Type.Optional(Type.Enum(["ALLOW", "DENY", "AUDIT", "CUSTOM"])),
        provider: Type.Optional(strict({ name: Type.String() })),
        rules: Type.Optional(
          Type.Array(
            strict({
              from: Type.Optional(Type.Array(strict({ source: Type.Optional(Source) }))),
              to: Type.Optional(Type.Array(strict({ operation: Type.Optional(Operation) }))),
              when: Type.Optional(
                Type.Array(strict({ key: Type.String(), values: Texts, notValues: Texts })),
              ),
            }),
          ),
        ),
      }),
    ),
  },
  { filledIn: OBJECT_FILLED_IN },
);

export type PeerAuthentication = Static<typeof PeerAuthentication>;
export type AuthorizationPolicy = Static<typeof AuthorizationPolicy>;
