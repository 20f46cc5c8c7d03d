import Type, { type Static, type TSchemaOptions } from "typebox";
import { type FieldNotes, SubdomainMetadata, OBJECT_FILLED_IN, strict } from "../../schema/schema.ts";
import { HOST, ISTIO_VERSIONS, LABEL } from "./istio-names.ts";

/** A host of a Gateway, optionally limited to the VirtualServices of a namespace: `./`, `NAMESPACE/`. */
const GatewayHost = Type.String({
  pattern: `^((\\*|\\.|${LABEL})/)?${HOST}$`,
  expected: "HOST or NAMESPACE/HOST, without a port",
} satisfies FieldNotes & TSchemaOptions);

// Istio reads them in any letter case. (istio, pkg/config/protocol/instance.go)
const CLUSTER_PROTOCOLS = [
  "HTTPS",
  "HTTP2",
  "GRPC",
  "GRPC-WEB",
  "TCP",
  "TLS",
  "MONGO",
  "REDIS",
  "MYSQL",
].flatMap((name) => [name, name.toLowerCase(), `${name[0]}${name.slice(1).toLowerCase()}`]);

/** What this tool reads of a `networking.istio.io` Gateway. */
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
                protocol: Type.Enum(["HTTP"], {
                  onCluster: CLUSTER_PROTOCOLS,
                } satisfies FieldNotes & TSchemaOptions),
              },
              { unsupported: { targetPort: "Istio ignores targetPort: leave it out" } },
            ),
            hosts: Type.Array(GatewayHost, { minItems: 1 }),
            tls: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
          },
          {
            unsupported: {
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
  { filledIn: OBJECT_FILLED_IN },
);

export type Gateway = Static<typeof Gateway>;
