import Type, { type TObject, type TProperties, type TSchemaOptions } from "typebox";

/** Our extensions of JSON Schema, which `explain.ts` and `validate.ts` read. */
export interface FieldNotes {
  /** Fields that the API accepts and the local mesh does not act on, each with the reason and what to do. */
  unsupported?: Readonly<Record<string, string>>;
  /** Fields that the API has and does not allow here, each with what to do. */
  refused?: Readonly<Record<string, string>>;
  /** Fields that the cluster fills in: they are accepted, and not read. */
  filledIn?: readonly string[];
  /** Values that the API accepts beside those of the schema's enum, and the local mesh does not act on. */
  onCluster?: readonly string[];
  /** A list that may be longer on a cluster than in the schema, with a remedy for the local mesh. */
  longerOnCluster?: string;
  /** Required fields that the API does not require if the object has one of some others, with what to do. */
  mayLack?: Readonly<Record<string, { beside: readonly string[]; never?: readonly string[]; fix: string }>>;
  /** Without a value, the field counts as left out, as the API server takes it. */
  mayBeNull?: true;
  /** The field is for the cluster only; on one machine it has no effect, which is said at each start. */
  clusterOnly?: true;
  /** The expected value as a noun phrase, if the schema has only a pattern. */
  expected?: string;
  /** What a key of a map must be, in the same way. */
  expectedKey?: string;
}

/** An object that may hold these fields and no other. */
export function strict<P extends TProperties>(
  properties: P,
  options: TSchemaOptions & FieldNotes = {},
): TObject<P> {
  return Type.Object(properties, { ...options, additionalProperties: false });
}

/** A DNS label (RFC 1123), as Kubernetes wants for most names. */
export const Name = Type.String({
  pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
  expected: "a name of at most 63 lower-case letters, digits and -, with a letter or digit at both ends",
} satisfies TSchemaOptions & FieldNotes);

/** A DNS subdomain (RFC 1123), as Kubernetes wants for the names of most objects of other groups. */
const Subdomain = Type.String({
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
  maxLength: 253,
  expected: "a name of at most 253 lower-case letters, digits, - and ., with a letter or digit at both ends",
} satisfies TSchemaOptions & FieldNotes);

// Templates write `labels:` and `annotations:` even if none follow.
const Labels = Type.Record(Type.String(), Type.String(), { mayBeNull: true } satisfies FieldNotes);
const Annotations = Type.Record(Type.String(), Type.String(), {
  mayBeNull: true,
  clusterOnly: true,
} satisfies FieldNotes);

/** Gives several fields one reason. */
export function forReason(names: readonly string[], reason: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, reason]));
}

/** What the cluster adds to the metadata of an object, as `kubectl get -o yaml` prints it. */
export const METADATA_FILLED_IN = [
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "selfLink",
  "managedFields",
  "ownerReferences",
  "finalizers",
];

/** What the cluster adds to an object beside its spec. */
export const OBJECT_FILLED_IN = ["status"];

/** The metadata of any object in a namespace. */
export const Metadata = strict(
  {
    name: Name,
    namespace: Type.Optional(Name),
    labels: Type.Optional(Labels),
    annotations: Type.Optional(Annotations),
  },
  { filledIn: METADATA_FILLED_IN },
);

/** The same for a kind whose names may have dots, such as those of Istio. */
export const SubdomainMetadata = strict(
  {
    name: Subdomain,
    namespace: Type.Optional(Name),
    labels: Type.Optional(Labels),
    annotations: Type.Optional(Annotations),
  },
  { filledIn: METADATA_FILLED_IN },
);

/** The metadata of an object that is in no namespace. */
export const ClusterMetadata = strict(
  {
    name: Name,
    labels: Type.Optional(Labels),
    annotations: Type.Optional(Annotations),
  },
  { filledIn: METADATA_FILLED_IN },
);

/** A duration as Istio writes it: `1.5s`, `250ms`, `1h`. */
export const Duration = Type.String({
  pattern: "^([0-9]+(\\.[0-9]+)?(h|m|s|ms))+$",
  expected: "a duration such as 500ms, 2s or 1m30s",
} satisfies TSchemaOptions & FieldNotes);

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Milliseconds of a duration that matches {@link Duration}. */
export function durationMs(text: string): number {
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(h|ms|m|s)/g))
    ms += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  return ms;
}
