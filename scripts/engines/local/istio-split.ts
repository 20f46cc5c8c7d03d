import { editList, type ItemEdit } from "../../manifests/edit-list.ts";
import type { FieldPath, ManifestDocument } from "../../manifests/document.ts";
import type { HTTPRoute } from "../../route-fields/families.ts";
import type { KnativeServicePlan } from "../../traffic/compile/knative.ts";
import {
  bucketRules,
  bucketTargets,
  type ListedTarget,
  needsTag,
  weightedRule,
} from "../../traffic/split/bucket-rules.ts";
import { findBucketRules } from "../../traffic/split/find-bucket-rules.ts";
import { CannotWrite, type SplitTarget } from "../../traffic/split/split.ts";
import { destinationLike, weightsFor } from "../../traffic/split/weights.ts";
import { SPLIT_OWNERS } from "../../traffic/split-owner.ts";
import { type PlannedSplit, weightedServiceOf } from "../../traffic/split/planned-splits.ts";
import type { FileSplit } from "./split-file.ts";

/** A split that is decided by a VirtualService of the files. */
export interface IstioSplitOptions {
  service: KnativeServicePlan;
  split: PlannedSplit;
  document: ManifestDocument;
  /** The index of its first rule in `spec.http`. */
  rule: number;
  http: readonly HTTPRoute[];
}

/** A split by the weights of a rule, or by rules for ranges of buckets; each can be written as the other. */
export function splitByIstio(options: IstioSplitOptions): FileSplit {
  const { service, split, document, rule } = options;
  const { at, header } = split;
  const planned = split.targets.map(({ revision, tag, percent, latest }) => ({
    revision,
    tag,
    percent,
    latest,
  }));
  // A tag without a destination can get a share: it gets a destination then.
  const others = service.traffic.filter(
    ({ tag, revision }) => tag !== undefined && !planned.some((target) => target.revision === revision),
  );
  const unlisted = others.map(({ revision, tag }) => ({ revision, tag, percent: 0, latest: false }));
  return {
    service,
    by: SPLIT_OWNERS.istio,
    at,
    targets: [...planned, ...unlisted],
    header,
    edited(text, wanted, form = { header }) {
      refuseOtherTags(service, wanted);
      const line = document.at([]).line;
      if (header === undefined && form.header === undefined) {
        const path: FieldPath = ["spec", "http", rule, "route"];
        return editList(text, { line, path }, weightEdits(options, planned, wanted));
      }
      return editList(
        text,
        { line, path: ["spec", "http"] },
        ruleEdits(options, planned, wanted, form.header),
      );
    },
  };
}

function weightEdits(
  { service, rule, http }: IstioSplitOptions,
  listed: readonly SplitTarget[],
  wanted: readonly SplitTarget[],
): ItemEdit[] {
  const [example] = http[rule]?.route ?? [];
  const [exampleTarget] = listed;
  const { weights, more } = weightsFor(listed, wanted);
  return weights.map((weight, i): ItemEdit => {
    const target = more[i - listed.length];
    if (target === undefined) return { kept: i, set: { weight } };
    const made = example && exampleTarget && destinationLike(example, exampleTarget, target, service.name);
    if (made === undefined) throw new CannotWrite(needsTag(target.revision, service.name));
    return { added: { ...made, weight } };
  });
}

/** Keeps the text of the rules around those of the split. */
function ruleEdits(
  { service: plan, rule, http }: IstioSplitOptions,
  planned: readonly SplitTarget[],
  wanted: readonly SplitTarget[],
  header: string | undefined,
): ItemEdit[] {
  const service = weightedServiceOf(plan);
  const found = findBucketRules(http);
  const isByBuckets = found?.first === rule;
  const last = isByBuckets ? found.last : rule;
  const example = http[last];
  if (example === undefined) throw new Error(`${plan.name} has no rule ${last}`);
  const listed = isByBuckets
    ? (bucketTargets(http, found, service) ?? [])
    : planned.flatMap((target, i): ListedTarget[] => {
        const destination = example.route?.[i];
        return destination === undefined ? [] : [{ ...target, destination, ranges: [] }];
      });
  // Buckets of another header do not carry over to this one.
  const kept = found?.header === header ? listed : listed.map((target) => ({ ...target, ranges: [] }));
  const options = { example, listed: kept, wanted, service };
  const rules = header === undefined ? [weightedRule(options)] : bucketRules(options, header);
  const keep = (from: number, to: number): ItemEdit[] =>
    http.slice(from, to).map((_, i) => ({ kept: from + i, set: {} }));
  return [...keep(0, rule), ...rules.map((added) => ({ added })), ...keep(last + 1, http.length)];
}

function refuseOtherTags(service: KnativeServicePlan, wanted: readonly SplitTarget[]): void {
  const known = service.traffic.flatMap(({ tag, revision }) =>
    tag === undefined ? [] : [`${tag} ${revision}`],
  );
  const other = wanted.find(
    ({ tag, revision }) => tag !== undefined && !known.includes(`${tag} ${revision}`),
  );
  if (other !== undefined)
    throw new CannotWrite(
      `A VirtualService decides this split, and tags are the Knative Service's: write tag ${other.tag} for ${other.revision} into ${service.at.file}.`,
    );
}
