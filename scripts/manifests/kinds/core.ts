import Type, { type Static } from "typebox";
import { Metadata, Name, strict } from "../schema.ts";

/** A Kubernetes Service of type ExternalName: another name for a host. Other Services have no pods behind them here. */
export const ExternalNameService = strict({
  apiVersion: Type.Literal("v1"),
  kind: Type.Literal("Service"),
  metadata: Metadata,
  spec: strict({
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
  }),
});

export const Namespace = strict({
  apiVersion: Type.Literal("v1"),
  kind: Type.Literal("Namespace"),
  metadata: strict({
    name: Name,
    labels: Type.Optional(Type.Record(Type.String(), Type.String())),
    annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
  }),
});

/** What this tool follows of a kustomization: a list of files and folders. */
export const Kustomization = strict(
  {
    apiVersion: Type.Literal("kustomize.config.k8s.io/v1beta1"),
    kind: Type.Literal("Kustomization"),
    resources: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
  },
  {
    refused: Object.fromEntries(
      [
        "patches",
        "components",
        "namespace",
        "namePrefix",
        "nameSuffix",
        "images",
        "labels",
        "configMapGenerator",
      ].map((field) => [field, "the local mesh follows resources only: write the objects as they shall be"]),
    ),
  },
);

export type ExternalNameService = Static<typeof ExternalNameService>;
export type Namespace = Static<typeof Namespace>;
