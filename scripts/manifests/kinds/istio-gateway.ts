import Type, { type Static, type TSchemaOptions } from "typebox";
import {
  type FieldNotes,
  forReason,
  SubdomainMetadata,
  OBJECT_FILLED_IN,
  strict,
} from "../../schema/schema.ts";
import { HOST, ISTIO_VERSIONS, LABEL } from "./istio-names.ts";

/** A host of a Gateway, optionally limited to the VirtualServices of a namespace: `./`, `NAMESPACE/`. */
const GatewayHost = Type.String({
  pattern: `^((\\*|\\.|${LABEL})/)?${HOST}$`,
  expected: "HOST or NAMESPACE/HOST, without a port",
} satisfies FieldNotes & TSchemaOptions);

// Istio reads them in any letter case. (istio, pkg/config/protocol/instance.go)
const CLUSTER_PROTOCOLS = [
  "https",
  "Https",
  ...["HTTP2", "GRPC", "GRPC-WEB", "TCP", "TLS", "MONGO", "REDIS", "MYSQL"].flatMap((name) => [
    name,
    name.toLowerCase(),
    `${name[0]}${name.slice(1).toLowerCase()}`,
  ]),
];

/** How TLS ends at a server. */
const ServerTls = Type.Object(
  {
    httpsRedirect: Type.Optional(Type.Boolean()),
    mode: Type.Optional(
      Type.Enum(["SIMPLE"], {
        onCluster: ["PASSTHROUGH", "AUTO_PASSTHROUGH", "MUTUAL", "OPTIONAL_MUTUAL", "ISTIO_MUTUAL"],
      } satisfies FieldNotes & TSchemaOptions),
    ),
    credentialName: Type.Optional(Type.String()),
  },
  {
    unsupported: {
      ...forReason(
        ["serverCertificate", "privateKey", "caCertificates", "caCrl"],
        "it is a file of the gateway's pods: name a certificate by credentialName, or leave it out for one of this machine",
      ),
      ...forReason(
        ["credentialNames", "tlsCertificates"],
        "the local mesh has one certificate a server: name it by credentialName",
      ),
      ...forReason(
        ["subjectAltNames", "verifyCertificateSpki", "verifyCertificateHash"],
        "the local mesh does not request client certificates: leave it out, or try it on a cluster",
      ),
      ...forReason(
        ["minProtocolVersion", "maxProtocolVersion", "cipherSuites"],
        "the local mesh speaks TLS as Bun does: leave it out, or try it on a cluster",
      ),
    },
  } satisfies FieldNotes & TSchemaOptions,
);

/** The parts of a `networking.istio.io` Gateway that this tool reads. */
export const Gateway = strict(
  {
    apiVersion: ISTIO_VERSIONS,
    kind: Type.Literal("Gateway"),
    metadata: SubdomainMetadata,
    spec: strict({
      // Without labels it holds for each gateway.
      selector: Type.Optional(Type.Record(Type.String(), Type.String())),
      servers: Type.Array(
        strict(
          {
            name: Type.Optional(Type.String()),
            port: strict(
              {
                number: Type.Integer({ minimum: 1, maximum: 65535 }),
                name: Type.String({ minLength: 1 }),
                protocol: Type.Enum(["HTTP", "HTTPS"], {
                  onCluster: CLUSTER_PROTOCOLS,
                } satisfies FieldNotes & TSchemaOptions),
              },
              { unsupported: { targetPort: "Istio ignores targetPort: leave it out" } },
            ),
            hosts: Type.Array(GatewayHost, { minItems: 1 }),
            tls: Type.Optional(ServerTls),
          },
          {
            unsupported: {
              bind: "the local mesh listens on 127.0.0.1 only",
              defaultEndpoint: "the local mesh has no default endpoint",
            },
          },
        ),
        { minItems: 1 },
      ),
    }),
  },
  { filledIn: OBJECT_FILLED_IN },
);

export type Gateway = Static<typeof Gateway>;
