import Type, { type Static } from "typebox";
import { KubeObject } from "../../cluster/kube/kube-object.ts";

/** Who wrote which fields of an object, as the API server keeps it. */
export const ManagedFields = Type.Array(
  Type.Object({
    manager: Type.Optional(Type.String()),
    time: Type.Optional(Type.String()),
    subresource: Type.Optional(Type.String()),
    fieldsV1: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  }),
);
export type ManagedFields = Static<typeof ManagedFields>;

const Managed = Type.Object({
  metadata: Type.Object({
    uid: Type.Optional(Type.String()),
    generation: Type.Optional(Type.Integer()),
    managedFields: Type.Optional(ManagedFields),
  }),
});

/** A destination of a VirtualService's rule, as far as it matters to a split. */
export const LiveDestination = Type.Object({
  weight: Type.Optional(Type.Integer()),
  destination: Type.Object({ host: Type.String() }),
  headers: Type.Optional(
    Type.Object({
      request: Type.Optional(Type.Object({ set: Type.Optional(Type.Record(Type.String(), Type.String())) })),
    }),
  ),
});
export type LiveDestination = Static<typeof LiveDestination>;

/** A VirtualService. Fields beyond these pass through untouched. */
export const LiveVirtualService = Type.Intersect([
  KubeObject,
  Managed,
  Type.Object({
    spec: Type.Object({
      hosts: Type.Optional(Type.Array(Type.String())),
      http: Type.Optional(
        Type.Array(
          Type.Object({
            match: Type.Optional(Type.Array(Type.Unknown())),
            headers: Type.Optional(Type.Unknown()),
            rewrite: Type.Optional(Type.Object({ authority: Type.Optional(Type.String()) })),
            route: Type.Optional(Type.Array(LiveDestination)),
          }),
        ),
      ),
    }),
  }),
]);
export type LiveVirtualService = Static<typeof LiveVirtualService>;

export const VIRTUAL_SERVICE = { apiVersion: "networking.istio.io/v1", kind: "VirtualService" } as const;

/** What net-istio writes on the VirtualServices that it makes: the name of the Knative Service's Ingress. */
export const INGRESS_LABEL = "networking.internal.knative.dev/ingress";

/** The managed fields of any object; none where it has none. */
export function managedFieldsOf(object: { metadata: object }): ManagedFields {
  const { managedFields } = object.metadata as { managedFields?: ManagedFields };
  return managedFields ?? [];
}

/**
 * Who wrote a field last, and when: the latest of those who wrote any of it.
 * @param path as in `["spec", "traffic"]`
 */
export function lastWriter(
  fields: ManagedFields,
  path: readonly string[],
): { by: string; atMs: number } | undefined {
  const writers = fields.flatMap(({ manager = "somebody", time, fieldsV1, subresource }) => {
    let at: unknown = fieldsV1;
    for (const step of path) at = (at as Record<string, unknown> | undefined)?.[`f:${step}`];
    const atMs = Date.parse(time ?? "");
    return at === undefined || subresource !== undefined || Number.isNaN(atMs) ? [] : [{ by: manager, atMs }];
  });
  return writers.sort((a, b) => b.atMs - a.atMs)[0];
}
