import Type, { type Static } from "typebox";
import { SubdomainMetadata, OBJECT_FILLED_IN, strict } from "../../schema/schema.ts";
import { ISTIO_VERSIONS } from "./istio-names.ts";

const TRAFFIC_POLICY =
  "the local mesh does not balance load, limit connections or speak TLS: leave it out, or try it on a cluster";

const Subset = strict(
  { name: Type.String({ minLength: 1 }), labels: Type.Optional(Type.Record(Type.String(), Type.String())) },
  { unsupported: { trafficPolicy: TRAFFIC_POLICY } },
);

/** What this tool reads of a `networking.istio.io` DestinationRule: the subsets of a host. */
export const DestinationRule = strict(
  {
    apiVersion: ISTIO_VERSIONS,
    kind: Type.Literal("DestinationRule"),
    metadata: SubdomainMetadata,
    spec: strict(
      {
        host: Type.String({ minLength: 1 }),
        subsets: Type.Optional(Type.Array(Subset)),
      },
      {
        unsupported: {
          trafficPolicy: TRAFFIC_POLICY,
          exportTo: "the local mesh shows every rule to every namespace: leave it out",
          workloadSelector: "the local mesh does not know the caller: leave it out, or try it on a cluster",
        },
      },
    ),
  },
  { filledIn: OBJECT_FILLED_IN },
);

export type DestinationRule = Static<typeof DestinationRule>;
