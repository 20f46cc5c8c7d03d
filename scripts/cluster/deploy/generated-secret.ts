import Type from "typebox";
import { Check } from "typebox/schema";
import { generatedValue, valuesToGenerate } from "../../manifests/kinds/secret.ts";
import type { KubeObject } from "../kube/kube-object.ts";

const WithData = Type.Object({ data: Type.Record(Type.String(), Type.String()) });

/**
 * A Secret with the generated values that its annotation requests. Values that the cluster has are kept.
 * @param live the Secret on the cluster
 */
export function withGeneratedValues(object: KubeObject, live: KubeObject | undefined): KubeObject {
  if (object.kind !== "Secret" || object.apiVersion !== "v1") return object;
  const names = valuesToGenerate(object.metadata.annotations);
  if (names.length === 0) return object;
  const written = dataOf(object);
  const known = dataOf(live);
  const made = names.map((name) => [name, known[name] ?? Buffer.from(generatedValue()).toString("base64")]);
  return Object.assign({}, object, { data: { ...Object.fromEntries(made), ...written } });
}

function dataOf(object: KubeObject | undefined): Readonly<Record<string, string>> {
  return Check(WithData, object) ? object.data : {};
}
