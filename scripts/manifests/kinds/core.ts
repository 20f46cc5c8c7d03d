import Type, { type Static, type TSchemaOptions } from "typebox";
import { ClusterMetadata, type FieldNotes, Metadata, refuse, REFUSED_OF_OBJECTS, strict } from "../schema.ts";

/** A Kubernetes Service of type ExternalName: another name for a host. Other Services have no pods behind them here. */
export const ExternalNameService = strict(
  {
    apiVersion: Type.Literal("v1"),
    kind: Type.Literal("Service"),
    metadata: Metadata,
    spec: strict(
      {
        type: Type.Literal("ExternalName"),
        externalName: Type.String({ minLength: 1 }),
        sessionAffinity: Type.Optional(Type.Literal("None")),
        ports: Type.Optional(
          Type.Array(
            strict({
              name: Type.Optional(Type.String()),
              port: Type.Integer({ minimum: 1, maximum: 65535 }),
              targetPort: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
              protocol: Type.Optional(Type.Literal("TCP")),
              appProtocol: Type.Optional(Type.String()),
            }),
            { minItems: 1 },
          ),
        ),
      },
      {
        refused: refuse(
          ["selector", "clusterIP", "clusterIPs", "externalIPs", "loadBalancerIP", "externalTrafficPolicy"],
          "here a Service is another name for a host, and has no pods: use type ExternalName alone",
        ),
      },
    ),
  },
  { refused: REFUSED_OF_OBJECTS },
);

export const Namespace = strict(
  {
    apiVersion: Type.Literal("v1"),
    kind: Type.Literal("Namespace"),
    metadata: ClusterMetadata,
  },
  { refused: { ...REFUSED_OF_OBJECTS, ...refuse(["spec"], "the cluster fills this in: leave it out") } },
);

/** Who a pod is on a cluster. On one machine nobody asks, so it has no effect there. */
export const ServiceAccount = strict(
  {
    apiVersion: Type.Literal("v1"),
    kind: Type.Literal("ServiceAccount"),
    metadata: Metadata,
    automountServiceAccountToken: Type.Optional(
      Type.Boolean({ clusterOnly: true } satisfies FieldNotes & TSchemaOptions),
    ),
  },
  {
    refused: refuse(
      ["secrets", "imagePullSecrets"],
      "the local mesh pulls nothing: keep it for the cluster, outside the folders that are read here",
    ),
  },
);

/** What this tool follows of a kustomization: a list of files and folders. */
export const Kustomization = strict(
  {
    apiVersion: Type.Optional(Type.Literal("kustomize.config.k8s.io/v1beta1")),
    kind: Type.Optional(Type.Literal("Kustomization")),
    resources: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
  },
  {
    refused: refuse(
      [
        "bases",
        "buildMetadata",
        "commonAnnotations",
        "commonLabels",
        "components",
        "configMapGenerator",
        "configurations",
        "crds",
        "generatorOptions",
        "generators",
        "helmCharts",
        "images",
        "labels",
        "metadata",
        "namePrefix",
        "namespace",
        "nameSuffix",
        "openapi",
        "patches",
        "patchesJson6902",
        "patchesStrategicMerge",
        "replacements",
        "replicas",
        "secretGenerator",
        "transformers",
        "validators",
        "vars",
      ],
      "the local mesh follows resources only: write the objects as they shall be",
    ),
  },
);

export type ExternalNameService = Static<typeof ExternalNameService>;
export type ServiceAccount = Static<typeof ServiceAccount>;
export type Namespace = Static<typeof Namespace>;
