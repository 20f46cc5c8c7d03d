import Type, { type Static } from "typebox";

const StringMap = Type.Record(Type.String(), Type.String());

/** What every Kubernetes object has. Fields beyond these pass through untouched: nothing of an object is ever lost. */
export const KubeObject = Type.Object({
  apiVersion: Type.String(),
  kind: Type.String(),
  metadata: Type.Object({
    name: Type.String(),
    namespace: Type.Optional(Type.String()),
    uid: Type.Optional(Type.String()),
    resourceVersion: Type.Optional(Type.String()),
    generation: Type.Optional(Type.Integer()),
    creationTimestamp: Type.Optional(Type.String()),
    deletionTimestamp: Type.Optional(Type.String()),
    labels: Type.Optional(StringMap),
    annotations: Type.Optional(StringMap),
  }),
  spec: Type.Optional(Type.Unknown()),
  status: Type.Optional(Type.Unknown()),
});
export type KubeObject = Static<typeof KubeObject>;

/** A kind of object, by the names that its `apiVersion` and `kind` fields carry. */
export interface Kind {
  apiVersion: string;
  kind: string;
}

/** One object. */
export interface ObjectRef extends Kind {
  name: string;
  namespace?: string | undefined;
}

/** The reference of an object at hand. */
export function refOf(object: KubeObject): ObjectRef {
  const { apiVersion, kind, metadata } = object;
  return { apiVersion, kind, name: metadata.name, namespace: metadata.namespace };
}

/** An object as people name it: `Service kyc/credit-check`. */
export function nameOf({ kind, namespace, name }: ObjectRef): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** The `Status` object with which the API server answers a request that it refuses. */
export const Status = Type.Object({
  kind: Type.Literal("Status"),
  message: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
  code: Type.Optional(Type.Integer()),
  details: Type.Optional(
    Type.Object({
      causes: Type.Optional(
        Type.Array(
          Type.Object({
            reason: Type.Optional(Type.String()),
            message: Type.Optional(Type.String()),
            field: Type.Optional(Type.String()),
          }),
        ),
      ),
    }),
  ),
});
export type Status = Static<typeof Status>;

/** A list of objects. */
export const KubeList = Type.Object({
  metadata: Type.Object({
    resourceVersion: Type.Optional(Type.String()),
    continue: Type.Optional(Type.String()),
  }),
  items: Type.Array(Type.Unknown()),
});

/** What an API group offers. */
export const ResourceList = Type.Object({
  resources: Type.Array(
    Type.Object({ name: Type.String(), kind: Type.String(), namespaced: Type.Boolean() }),
  ),
});

/** A line of a watch. */
export const WatchEvent = Type.Object({
  type: Type.Enum(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]),
  object: Type.Unknown(),
});
