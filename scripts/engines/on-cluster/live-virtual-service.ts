import Type, { type Static } from "typebox";
import { KubeObject } from "../../cluster/kube/kube-object.ts";
import { ManagedFields } from "./managed-fields.ts";

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

/** A rule of a VirtualService. */
const LiveRule = Type.Object({
  name: Type.Optional(Type.String()),
  match: Type.Optional(Type.Array(Type.Unknown())),
  headers: Type.Optional(Type.Unknown()),
  rewrite: Type.Optional(Type.Object({ authority: Type.Optional(Type.String()) })),
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

export const VIRTUAL_SERVICE = { apiVersion: "networking.istio.io/v1", kind: "VirtualService" } as const;

/** What net-istio writes on the VirtualServices that it makes: the name of the Knative Service's Ingress. */
export const INGRESS_LABEL = "networking.internal.knative.dev/ingress";
