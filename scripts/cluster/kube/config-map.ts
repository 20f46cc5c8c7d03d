import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import type { Kube } from "./client.ts";
import { KubeObject, type ObjectRef } from "./kube-object.ts";

const ConfigMap = Type.Intersect([
  KubeObject,
  Type.Object({ data: Type.Optional(Type.Record(Type.String(), Type.String())) }),
]);

/** A ConfigMap. */
export type ConfigMap = Static<typeof ConfigMap> & KubeObject;

/** The reference of a ConfigMap. */
export function configMap(namespace: string, name: string): ObjectRef {
  return { apiVersion: "v1", kind: "ConfigMap", namespace, name };
}

/** Returns a ConfigMap, or undefined if it does not exist. */
export async function readConfigMap(kube: Kube, ref: ObjectRef): Promise<ConfigMap | undefined> {
  const found = await kube.get(ref);
  return found !== undefined && Check(ConfigMap, found) ? (found as ConfigMap) : undefined;
}
