import Type from "typebox";
import { Check } from "typebox/schema";
import type { FieldPath, ManifestDocument } from "../../manifests/document.ts";
import { BUCKET_PERCENT, percentOfRanges } from "./bucket-ranges.ts";
import { findBucketRules } from "./find-bucket-rules.ts";

const Rule = Type.Object({
  match: Type.Optional(Type.Array(Type.Unknown())),
  route: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()))),
});
const VirtualServiceLike = Type.Object({
  kind: Type.Literal("VirtualService"),
  metadata: Type.Object({ name: Type.String() }),
  spec: Type.Object({ http: Type.Array(Rule) }),
});

/** Documents in which splits by buckets are replaced by random draws. */
export interface AsWeights {
  documents: ManifestDocument[];
  /** The assumptions, and the splits that could not be rewritten, as sentences. */
  notes: string[];
}

/**
 * Writes each split by buckets as the split by weights with the same share for every target: the number of its
 * buckets. They are equivalent only if buckets are uniform and every request has one. Positions stay those of the
 * file.
 */
export function bucketsAsWeights(documents: readonly ManifestDocument[]): AsWeights {
  const notes: string[] = [];
  return { documents: documents.map(rewritten), notes };

  function rewritten(document: ManifestDocument): ManifestDocument {
    const { value } = document;
    if (!Check(VirtualServiceLike, value)) return document;
    const { http } = value.spec;
    const found = findBucketRules(http);
    if (found === undefined) return document;
    const { header, first, last, owned } = found;
    const rules = http.slice(first, last + 1);
    const name = `VirtualService ${value.metadata.name}`;
    if (!rules.every((rule) => rule.route?.length === 1 && Bun.deepEquals(restOf(rule), restOf(rules[0])))) {
      notes.push(
        `${name}: the rules of ${header} differ in more than buckets and destinations, so they stay rules`,
      );
      return document;
    }
    notes.push(
      `assumption: every request of ${name} has the header ${header}, and its buckets 0000 to 9999 are equally likely`,
    );
    const percents = owned.map(percentOfRanges);
    // Weights are whole numbers; those that sum to 100 are the usual ones.
    const scale = percents.every(Number.isInteger) ? 1 : 1 / BUCKET_PERCENT;
    const places = percents.flatMap((percent, i) =>
      percent === 0 ? [] : [{ index: first + i, weight: Math.round(percent * scale) }],
    );
    const route = places.map(({ index, weight }) => ({ ...http[index]?.route?.[0], weight }));
    const merged = { ...restOf(rules[0]), route };
    const spec = { ...value.spec, http: [...http.slice(0, first), merged, ...http.slice(last + 1)] };
    const original = (path: FieldPath): FieldPath => {
      const [top, list, index, field, entry, ...rest] = path;
      if (top !== "spec" || list !== "http" || typeof index !== "number" || index < first) return path;
      if (index > first) return [top, list, index + last - first, ...path.slice(3)];
      const place = field === "route" && typeof entry === "number" ? places[entry] : undefined;
      if (place !== undefined) return [top, list, place.index, "route", 0, ...rest];
      return [top, list, first, ...path.slice(3)];
    };
    return {
      ...document,
      value: { ...value, spec },
      at: (path) => document.at(original(path)),
      atKey: (path) => document.atKey(original(path)),
    };
  }
}

/** The fields of a rule other than its name, its buckets and its destinations. */
function restOf(rule: object | undefined): object {
  return Object.fromEntries(
    Object.entries(rule ?? {}).filter(([field]) => !["name", "match", "route"].includes(field)),
  );
}
