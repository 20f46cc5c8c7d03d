import Type from "typebox";
import { Check } from "typebox/schema";
import type { ListedTarget, SplitRule } from "./bucket-rules.ts";
import { needsTag } from "./bucket-rules.ts";
import { CannotWrite, type Preview, type SplitTarget } from "./split.ts";
import { destinationLike, destinationOf, type WeightedService } from "./weights.ts";

/** The name of the rule that routes requests with a header to a revision. It precedes the rules of the split. */
export const PREVIEW_RULE = "kyc-preview";

const Exactly = { additionalProperties: false };
const PreviewMatch = Type.Tuple([
  Type.Object(
    { headers: Type.Record(Type.String(), Type.Object({ exact: Type.String() }, Exactly)) },
    Exactly,
  ),
]);

/** The preview before a split, and its revision. */
export interface FoundPreview {
  preview: Preview;
  revision: string;
}

/** Returns the preview in the rules of a VirtualService. @param first the index of the first rule of the split */
export function findPreview(
  http: readonly SplitRule[],
  first: number,
  service: WeightedService,
): FoundPreview | undefined {
  const { name, match, route = [] } = http[first - 1] ?? {};
  if (name !== PREVIEW_RULE || !Check(PreviewMatch, match)) return undefined;
  const [[header, { exact: value = "" } = {}] = [], second] = Object.entries(match[0].headers);
  const found = route[0] && destinationOf(route[0], service);
  if (header === undefined || second !== undefined || found === undefined) return undefined;
  return { preview: { header, value }, revision: found.revision };
}

/** Returns targets with the preview at its target. */
export function withPreview<T extends SplitTarget>(
  targets: readonly T[],
  found: FoundPreview | undefined,
): T[] {
  const at = targets.findIndex(({ revision }) => revision === found?.revision);
  return targets.map((target, i) =>
    i === at && found !== undefined ? { ...target, preview: found.preview } : target,
  );
}

/**
 * Returns the rule for the preview of a split: none if no target has one.
 * @param options.example the split's rule without a condition: its other settings apply here too
 * @throws CannotWrite if no destination can be made for the revision
 */
export function previewRules<R extends SplitRule>(options: {
  example: R;
  listed: readonly Pick<ListedTarget, "revision" | "tag" | "destination">[];
  wanted: readonly SplitTarget[];
  service: WeightedService;
}): R[] {
  const { example, listed, wanted, service } = options;
  return wanted.flatMap(({ revision, tag, preview }) => {
    if (preview === undefined) return [];
    const own = listed.find((target) => target.revision === revision)?.destination;
    const [other] = listed;
    const made = own ?? (other && destinationLike(other.destination, other, { revision, tag }, service.name));
    if (made === undefined) throw new CannotWrite(needsTag(revision, service.name));
    const { weight: _, ...destination } = made;
    const { name: _name, ...rest } = example;
    const match = [{ headers: { [preview.header]: { exact: preview.value } } }];
    return [{ name: PREVIEW_RULE, match, ...rest, route: [destination] } as unknown as R];
  });
}

/** Explains why Knative cannot have a preview by a header, with the alternative. */
export function needsTagForPreview(service: string, how: string): string {
  return `Knative splits by percents only, so no header can route to a revision of ${service}. Its tag is a preview without any change: --preview tag judges what callers of http://TAG-${service}.NAMESPACE get. ${how}`;
}
