import Type, { type Static, type TSchemaOptions } from "typebox";
import { type FieldNotes, Metadata, OBJECT_FILLED_IN, strict } from "../../schema/schema.ts";

const clusterOnly = { clusterOnly: true } satisfies FieldNotes;
/** Fields of any content that have no effect on one machine. */
export function forCluster<N extends string>(...names: N[]) {
  const entries = names.map((name) => [name, Type.Optional(Type.Unknown(clusterOnly))] as const);
  return Object.fromEntries(entries) as Record<N, (typeof entries)[number][1]>;
}

const Port = Type.Integer({ minimum: 1, maximum: 65535 });

/** A Kubernetes Service before pods: all with the labels of its selector answer at its host. */
export const KubernetesService = strict(
  {
    apiVersion: Type.Literal("v1"),
    kind: Type.Literal("Service"),
    metadata: Metadata,
    spec: strict({
      type: Type.Optional(Type.Enum(["ClusterIP", "NodePort", "LoadBalancer"])),
      selector: Type.Optional(Type.Record(Type.String(), Type.String())),
      ports: Type.Optional(
        Type.Array(
          strict({
            name: Type.Optional(Type.String()),
            port: Port,
            // The mesh chooses the port that a process listens on.
            targetPort: Type.Optional(Type.Union([Port, Type.String()])),
            protocol: Type.Optional(
              Type.Enum(["TCP"], { onCluster: ["UDP", "SCTP"] } satisfies FieldNotes & TSchemaOptions),
            ),
            appProtocol: Type.Optional(Type.String()),
            ...forCluster("nodePort"),
          }),
        ),
      ),
      ...forCluster(
        "allocateLoadBalancerNodePorts",
        "clusterIP",
        "clusterIPs",
        "externalIPs",
        "externalTrafficPolicy",
        "healthCheckNodePort",
        "internalTrafficPolicy",
        "ipFamilies",
        "ipFamilyPolicy",
        "loadBalancerClass",
        "loadBalancerIP",
        "loadBalancerSourceRanges",
        "publishNotReadyAddresses",
        "sessionAffinity",
        "sessionAffinityConfig",
        "trafficDistribution",
      ),
    }),
  },
  { filledIn: OBJECT_FILLED_IN },
);

export type KubernetesService = Static<typeof KubernetesService>;
