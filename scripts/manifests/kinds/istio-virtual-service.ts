import Type, { type Static, type TSchemaOptions } from "typebox";
import { type FieldNotes, SubdomainMetadata, OBJECT_FILLED_IN, strict } from "../../schema/schema.ts";
import { HOST, ISTIO_VERSIONS } from "./istio-names.ts";
import { HTTPRoute } from "../../route-fields/families.ts";

const Host = Type.String({
  pattern: `^${HOST}$`,
  expected: "the name of a host, *.NAME or *, without a port",
} satisfies FieldNotes & TSchemaOptions);

/** The parts of a `networking.istio.io` VirtualService that this tool reads. */
export const VirtualService = strict(
  {
    apiVersion: ISTIO_VERSIONS,
    kind: Type.Literal("VirtualService"),
    metadata: SubdomainMetadata,
    spec: strict(
      {
        hosts: Type.Array(Host, { minItems: 1 }),
        gateways: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
        exportTo: Type.Optional(
          Type.Array(Type.String({ minLength: 1 }), { clusterOnly: true } satisfies FieldNotes &
            TSchemaOptions),
        ),
        http: Type.Array(HTTPRoute, { minItems: 1 }),
      },
      {
        mayLack: {
          hosts: {
            beside: ["http"],
            never: ["tcp", "tls"],
            fix: "a VirtualService without hosts is a delegate, which the local mesh does not have: add hosts",
          },
          http: { beside: ["tcp", "tls"], fix: "the local mesh speaks HTTP only: add http" },
        },
        unsupported: {
          tls: "the local mesh speaks plain HTTP: use http",
          tcp: "the local mesh speaks HTTP only: use http",
        },
      },
    ),
  },
  { filledIn: OBJECT_FILLED_IN },
);

export type VirtualService = Static<typeof VirtualService>;
