import Type, { type Static, type TSchemaOptions } from "typebox";
import {
  Duration,
  type FieldNotes,
  SubdomainMetadata,
  OBJECT_FILLED_IN,
  strict,
} from "../../schema/schema.ts";
import { ISTIO_VERSIONS } from "./istio-names.ts";

const ON_A_CLUSTER = "leave it out, or try it on a cluster";

/**
 * The policy that keeps the requests of one caller on one pod. The form of the hash ring has no effect on one
 * machine.
 */
const ConsistentHash = Type.Object(
  {
    httpHeaderName: Type.Optional(Type.String({ minLength: 1 })),
    httpCookie: Type.Optional(
      Type.Object(
        {
          name: Type.String({ minLength: 1 }),
          path: Type.Optional(Type.String()),
          ttl: Type.Optional(Duration),
        },
        { unsupported: { attributes: `the local mesh sets the cookie without them: ${ON_A_CLUSTER}` } },
      ),
    ),
    useSourceIp: Type.Optional(Type.Boolean()),
    httpQueryParameterName: Type.Optional(Type.String({ minLength: 1 })),
  },
  { minProperties: 1 },
);

/**
 * How callers reach the pods of a host. On one machine it does not matter which of several equal pods serves a
 * request, and processes do not use TLS with each other.
 */
const TrafficPolicy = Type.Object(
  {
    loadBalancer: Type.Optional(
      Type.Object({
        simple: Type.Optional(
          Type.Enum(["ROUND_ROBIN", "LEAST_REQUEST", "LEAST_CONN", "RANDOM", "UNSPECIFIED"], {
            onCluster: ["PASSTHROUGH"],
          } satisfies FieldNotes & TSchemaOptions),
        ),
        consistentHash: Type.Optional(ConsistentHash),
      }),
    ),
    tls: Type.Optional(
      Type.Object(
        {
          mode: Type.Optional(
            Type.Enum(["DISABLE", "ISTIO_MUTUAL"], {
              onCluster: ["SIMPLE", "MUTUAL"],
            } satisfies FieldNotes & TSchemaOptions),
          ),
        },
        { clusterOnly: true } satisfies FieldNotes & TSchemaOptions,
      ),
    ),
  },
  {
    unsupported: {
      connectionPool: `the local mesh limits no connections and requests: ${ON_A_CLUSTER}`,
      outlierDetection: `the local mesh sends requests to failing processes too: ${ON_A_CLUSTER}`,
      portLevelSettings: "the local mesh has one port a revision: write it for the whole host",
      tunnel: `the local mesh has no tunnels: ${ON_A_CLUSTER}`,
      proxyProtocol: `the local mesh does not speak the PROXY protocol: ${ON_A_CLUSTER}`,
      retryBudget: `the local mesh has no budget for retries: ${ON_A_CLUSTER}`,
    },
  } satisfies FieldNotes & TSchemaOptions,
);
export type TrafficPolicy = Static<typeof TrafficPolicy>;

const Subset = strict({
  name: Type.String({ minLength: 1 }),
  labels: Type.Optional(Type.Record(Type.String(), Type.String())),
  trafficPolicy: Type.Optional(TrafficPolicy),
});

/**
 * The parts of a `networking.istio.io` DestinationRule that this tool reads: the subsets of a host, and the hash
 * policy.
 */
export const DestinationRule = strict(
  {
    apiVersion: ISTIO_VERSIONS,
    kind: Type.Literal("DestinationRule"),
    metadata: SubdomainMetadata,
    spec: strict(
      {
        host: Type.String({ minLength: 1 }),
        trafficPolicy: Type.Optional(TrafficPolicy),
        subsets: Type.Optional(Type.Array(Subset)),
      },
      {
        unsupported: {
          exportTo: "the local mesh shows every rule to every namespace: leave it out",
          workloadSelector: "the local mesh does not know the caller: leave it out, or try it on a cluster",
        },
      },
    ),
  },
  { filledIn: OBJECT_FILLED_IN },
);

export type DestinationRule = Static<typeof DestinationRule>;
