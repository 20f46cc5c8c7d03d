import Type, { type TObject, type TProperties, type TSchemaOptions } from "typebox";

/** Extensions of JSON Schema, which `explain.ts` and `validate.ts` read. */
export interface FieldNotes {
  /** Fields that the API accepts and the local mesh does not support, each with the reason and the fix. */
  unsupported?: Readonly<Record<string, string>>;
  /** Fields that the API has but does not allow here, each with the fix. */
  refused?: Readonly<Record<string, string>>;
  /** Fields that the cluster sets: they are accepted and ignored. */
  filledIn?: readonly string[];
  /** Values that the API accepts in addition to the schema's enum, and the local mesh does not support. */
  onCluster?: readonly string[];
  /** A list that may be longer on a cluster than in the schema, with a remedy for the local mesh. */
  longerOnCluster?: string;
  /** Required fields that the API does not require if the object has one of some others, with the fix. */
  mayLack?: Readonly<Record<string, { beside: readonly string[]; never?: readonly string[]; fix: string }>>;
  /** Without a value, the field counts as omitted, as in the API server. */
  mayBeNull?: true;
  /** The field is for the cluster only; on one machine it has no effect, which is reported at each start. */
  clusterOnly?: true;
  /** The expected value as a noun phrase, if the schema has only a pattern. */
  expected?: string;
  /** The same for the keys of a map. */
  expectedKey?: string;
}

/** An object with only these fields. */
export function strict<P extends TProperties>(
  properties: P,
  options: TSchemaOptions & FieldNotes = {},
): TObject<P> {
  return Type.Object(properties, { ...options, additionalProperties: false });
}

/** A DNS label (RFC 1123), as Kubernetes requires for most names. */
export const Name = Type.String({
  pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
  expected: "a name of at most 63 lower-case letters, digits and -, with a letter or digit at both ends",
} satisfies TSchemaOptions & FieldNotes);

/** A DNS subdomain (RFC 1123), as Kubernetes requires for the names of most objects of other groups. */
const Subdomain = Type.String({
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
  maxLength: 253,
  expected: "a name of at most 253 lower-case letters, digits, - and ., with a letter or digit at both ends",
} satisfies TSchemaOptions & FieldNotes);

// Templates contain `labels:` and `annotations:` even if they have no entries.
const Labels = Type.Record(Type.String(), Type.String(), { mayBeNull: true } satisfies FieldNotes);
const Annotations = Type.Record(Type.String(), Type.String(), {
  mayBeNull: true,
  clusterOnly: true,
} satisfies FieldNotes);

/** Assigns the same reason to several fields. */
export function forReason(names: readonly string[], reason: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, reason]));
}

/** The fields that the cluster adds to the metadata of an object, as printed by `kubectl get -o yaml`. */
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

/** The fields that the cluster adds to an object. */
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

/** The metadata of a cluster-scoped object. */
export const ClusterMetadata = strict(
  {
    name: Name,
    labels: Type.Optional(Labels),
    annotations: Type.Optional(Annotations),
  },
  { filledIn: METADATA_FILLED_IN },
);

/** A duration in Istio's format: `1.5s`, `250ms`, `1h`. */
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
