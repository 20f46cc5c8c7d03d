import Type, { type Static } from "typebox";
import { apiKind } from "../../manifests/kinds/registry.ts";
import { HTTPRouteDestination } from "../../route-fields/destinations/destinations.ts";
import { HTTPRoute } from "../../route-fields/families.ts";
import { HeaderOperations } from "../../route-fields/headers/schema.ts";
import { Rewrite } from "../../route-fields/rewrite/rewrite.ts";
import { liveFields } from "../../schema/live.ts";
import { Destination } from "../../schema/route-schema.ts";
import { KubeObject } from "../../cluster/kube/kube-object.ts";
import { ManagedFields } from "./managed-fields.ts";

const Managed = Type.Object({
  metadata: Type.Object({
    uid: Type.Optional(Type.String()),
    generation: Type.Optional(Type.Integer()),
    managedFields: Type.Optional(ManagedFields),
  }),
});

/** A destination of a VirtualService's rule, with the fields that a split needs. */
export const LiveDestination = Type.Object({
  ...liveFields(HTTPRouteDestination, "weight").properties,
  destination: liveFields(Destination, "host", "subset"),
  headers: Type.Optional(Type.Object({ request: Type.Optional(liveFields(HeaderOperations, "set")) })),
});
export type LiveDestination = Static<typeof LiveDestination>;

/** A rule of a VirtualService. */
const LiveRule = Type.Object({
  ...liveFields(HTTPRoute, "name").properties,
  match: Type.Optional(Type.Array(Type.Unknown())),
  headers: Type.Optional(Type.Unknown()),
  rewrite: Type.Optional(liveFields(Rewrite, "authority")),
  route: Type.Optional(Type.Array(LiveDestination)),
});
export type LiveRule = Static<typeof LiveRule>;

/** A VirtualService. Fields beyond these pass through untouched. */
export const LiveVirtualService = Type.Intersect([
  KubeObject,
  Managed,
  Type.Object({
    spec: Type.Object({
      hosts: Type.Optional(Type.Array(Type.String())),
      http: Type.Optional(Type.Array(LiveRule)),
    }),
  }),
]);
export type LiveVirtualService = Static<typeof LiveVirtualService>;

export const VIRTUAL_SERVICE = apiKind("virtualServices");
