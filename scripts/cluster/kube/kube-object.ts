import Type, { type Static, type TSchema } from "typebox";
import { Check } from "typebox/schema";

const Text = Type.Optional(Type.String());
const StringMap = Type.Optional(Type.Record(Type.String(), Type.String()));

/** The fields of every Kubernetes object. Other fields are kept unchanged. */
export const KubeObject = Type.Object({
  apiVersion: Type.String(),
  kind: Type.String(),
  metadata: Type.Object({
    name: Type.String(),
    namespace: Text,
    uid: Text,
    resourceVersion: Text,
    generation: Type.Optional(Type.Integer()),
    // Go's zero time is written as null.
    creationTimestamp: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    deletionTimestamp: Text,
    finalizers: Type.Optional(Type.Array(Type.String())),
    labels: StringMap,
    annotations: StringMap,
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

/** The reference to an object. */
export function refOf(object: KubeObject): ObjectRef {
  const { apiVersion, kind, metadata } = object;
  return { apiVersion, kind, name: metadata.name, namespace: metadata.namespace };
}

/** An object's name for messages: `Service shop/checkout`. */
export function nameOf({ kind, namespace, name }: ObjectRef): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** The `Status` object with which the API server answers a request that it refuses. */
export const Status = Type.Object({
  kind: Type.Literal("Status"),
  message: Text,
  reason: Text,
  code: Type.Optional(Type.Integer()),
  // For a refusal because of several fields, the reason of each, such as the manager that owns it.
  details: Type.Optional(
    Type.Object({
      causes: Type.Optional(Type.Array(Type.Object({ reason: Text, message: Text, field: Text }))),
    }),
  ),
});
export type Status = Static<typeof Status>;

/** A page of a list of objects. */
export const KubeList = Type.Object({
  metadata: Type.Object({ resourceVersion: Text, continue: Text }),
  // An empty list of Go is written as null.
  items: Type.Union([Type.Array(Type.Record(Type.String(), Type.Unknown())), Type.Null()]),
});

/** The resources of a version of an API group. */
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

/** A bookmark has a resourceVersion and no object. */
export const Bookmark = Type.Object({ metadata: Type.Object({ resourceVersion: Type.String() }) });

/** Checks a document of the API server. @throws if it does not match the schema */
export function parse<S extends TSchema>(schema: S, document: unknown, what: string): Static<S> {
  if (Check(schema, document)) return document;
  throw new Error(`${what} does not match the Kubernetes API`);
}
