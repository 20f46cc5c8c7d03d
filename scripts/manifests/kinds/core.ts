import Type, { type Static, type TSchemaOptions } from "typebox";
import {
  ClusterMetadata,
  type FieldNotes,
  Metadata,
  forReason,
  OBJECT_FILLED_IN,
  strict,
} from "../../schema/schema.ts";

/** A Kubernetes Service of type ExternalName: another name for a host. */
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
        unsupported: forReason(
          ["selector", "clusterIP", "clusterIPs", "externalIPs", "loadBalancerIP", "externalTrafficPolicy"],
          "a Service of type ExternalName is another name for a host, and has no pods",
        ),
      },
    ),
  },
  { filledIn: OBJECT_FILLED_IN },
);

export const Namespace = strict(
  {
    apiVersion: Type.Literal("v1"),
    kind: Type.Literal("Namespace"),
    metadata: ClusterMetadata,
  },
  { filledIn: [...OBJECT_FILLED_IN, "spec"] },
);

/** The identity of pods on a cluster. It has no effect in the local mesh. */
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
    unsupported: forReason(
      ["secrets", "imagePullSecrets"],
      "the local mesh pulls nothing: keep it for the cluster, outside the folders that are read here",
    ),
  },
);

/** The features that Knative has by default, and that the mesh has in no other way. */
const OTHER_FEATURES =
  "the local mesh acts on tag-header-based-routing only: leave it out, or try it on a cluster";

/** The one ConfigMap that this tool reads: which of Knative's features are on. */
export const ConfigFeatures = strict(
  {
    apiVersion: Type.Literal("v1"),
    kind: Type.Literal("ConfigMap"),
    metadata: strict({
      ...Metadata.properties,
      name: Type.Literal("config-features"),
      namespace: Type.Literal("knative-serving"),
    }),
    data: strict(
      {
        /** Whether the header Knative-Serving-Tag chooses a revision, as the host of its tag does. */
        "tag-header-based-routing": Type.Optional(Type.Enum(["enabled", "disabled"])),
      },
      {
        unsupported: forReason(
          [
            "autodetect-http2",
            "kubernetes.podspec-affinity",
            "kubernetes.podspec-dryrun",
            "kubernetes.podspec-fieldref",
            "kubernetes.podspec-init-containers",
            "kubernetes.podspec-nodeselector",
            "kubernetes.podspec-securitycontext",
            "kubernetes.podspec-tolerations",
            "kubernetes.podspec-volumes-emptydir",
            "multi-container",
            "queueproxy.mount-podinfo",
            "secure-pod-defaults",
          ],
          OTHER_FEATURES,
        ),
      },
    ),
  },
  { unsupported: forReason(["binaryData", "immutable"], OTHER_FEATURES) },
);

/** The supported part of a kustomization: a list of files and folders. */
export const Kustomization = strict(
  {
    apiVersion: Type.Optional(Type.Literal("kustomize.config.k8s.io/v1beta1")),
    kind: Type.Optional(Type.Literal("Kustomization")),
    resources: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
  },
  {
    unsupported: forReason(
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
export type ConfigFeatures = Static<typeof ConfigFeatures>;
export type Namespace = Static<typeof Namespace>;
