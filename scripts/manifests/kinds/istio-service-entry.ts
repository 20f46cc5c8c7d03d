import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import { liveFields } from "../../schema/live.ts";
import { SubdomainMetadata, OBJECT_FILLED_IN, strict } from "../../schema/schema.ts";
import { ISTIO_VERSIONS } from "./istio-names.ts";

const Port = Type.Integer({ minimum: 1, maximum: 65535 });
const TextMap = Type.Record(Type.String(), Type.String());

const Endpoint = strict({
  address: Type.Optional(Type.String()),
  ports: Type.Optional(Type.Record(Type.String(), Port)),
  labels: Type.Optional(TextMap),
  network: Type.Optional(Type.String()),
  locality: Type.Optional(Type.String()),
  weight: Type.Optional(Type.Integer({ minimum: 0 })),
  serviceAccount: Type.Optional(Type.String()),
});

const Spec = strict({
  hosts: Type.Array(Type.String(), { minItems: 1 }),
  addresses: Type.Optional(Type.Array(Type.String())),
  ports: Type.Optional(
    Type.Array(
      strict({
        number: Port,
        name: Type.String(),
        protocol: Type.Optional(Type.String()),
        targetPort: Type.Optional(Port),
      }),
    ),
  ),
  location: Type.Optional(Type.Enum(["MESH_EXTERNAL", "MESH_INTERNAL"])),
  resolution: Type.Optional(Type.Enum(["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"])),
  endpoints: Type.Optional(Type.Array(Endpoint)),
  workloadSelector: Type.Optional(strict({ labels: Type.Optional(TextMap) })),
  exportTo: Type.Optional(Type.Array(Type.String())),
  subjectAltNames: Type.Optional(Type.Array(Type.String())),
});

/** A `networking.istio.io` ServiceEntry: hosts that sidecars know besides the cluster's Services. */
export const ServiceEntry = strict(
  {
    apiVersion: ISTIO_VERSIONS,
    kind: Type.Literal("ServiceEntry"),
    metadata: SubdomainMetadata,
    spec: Spec,
  },
  { filledIn: OBJECT_FILLED_IN },
);

export type ServiceEntry = Static<typeof ServiceEntry>;

const Endpoints = liveFields(Spec, "hosts", "endpoints");

/** The hosts of a ServiceEntry that leads each caller back to its own sidecar, as in `istio/strict`; empty for others. */
export function ownSidecarHosts({ spec }: { spec?: unknown }): string[] {
  if (!Check(Endpoints, spec)) return [];
  const { hosts, endpoints = [] } = spec;
  const isOwn = endpoints.length > 0 && endpoints.every(({ address }) => address === "127.0.0.1");
  return isOwn ? hosts : [];
}
