import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import type { ManifestDocument } from "../../../manifests/document.ts";
import { fullHost } from "../../hosts.ts";

/** The fields of a Kubernetes Service with pods that decide which pods answer. */
export const PlainService = Type.Object({
  apiVersion: Type.Literal("v1"),
  kind: Type.Literal("Service"),
  metadata: Type.Object({ name: Type.String(), namespace: Type.Optional(Type.String()) }),
  spec: Type.Object({
    ports: Type.Optional(Type.Array(Type.Object({ port: Type.Integer() }))),
    selector: Type.Optional(Type.Record(Type.String(), Type.String())),
  }),
});

export type PlainService = Static<typeof PlainService>;

/** Returns the host of a Kubernetes Service with pods; undefined for any other document. */
export function serviceHost({ value }: ManifestDocument): string | undefined {
  if (!Check(PlainService, value)) return undefined;
  return fullHost(value.metadata.name, value.metadata.namespace ?? "default");
}
