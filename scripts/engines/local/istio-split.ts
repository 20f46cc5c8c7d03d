import { editList, type ItemEdit } from "../../manifests/edit-list.ts";
import type { FieldPath, ManifestDocument } from "../../manifests/document.ts";
import type { HTTPRoute } from "../../route-fields/families.ts";
import type { ServicePlan } from "../../traffic/compile/service-plan.ts";
import {
  bucketRules,
  bucketTargets,
  type ListedTarget,
  needsTag,
  weightedRule,
} from "../../traffic/split/bucket-rules.ts";
import { findBucketRules } from "../../traffic/split/find-bucket-rules.ts";
import { CannotWrite, type SplitTarget } from "../../traffic/split/split.ts";
import {
  findPreview,
  type FoundPreview,
  previewRules,
  withPreview,
} from "../../traffic/split/preview-rule.ts";
import { destinationLike, destinationOf, weightsFor } from "../../traffic/split/weights.ts";
import { SPLIT_OWNERS } from "../../traffic/split-owner.ts";
import {
  ownTarget,
  type PlannedSplit,
  weightedServiceOf,
  writtenTarget,
} from "../../traffic/split/planned-splits.ts";
import type { FileSplit } from "./split-file.ts";

/** A split that is decided by a VirtualService of the files. */
export interface IstioSplitOptions {
  service: ServicePlan;
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
  const preview = findPreview(options.http, rule, weightedServiceOf(service));
  const planned = split.targets.map(({ revision, tag, percent, latest }) => ({
    revision,
    tag,
    percent,
    latest,
  }));
  const listed = planned.map((target) => writtenTarget(service, target));
  // A tag or a Deployment without a destination can get a share: it gets a destination then.
  const others = service.traffic.filter(
    ({ tag, revision }) =>
      (tag !== undefined || service.podHosts !== undefined) &&
      !planned.some((target) => target.revision === revision),
  );
  const unlisted = others.map(({ revision, tag }) => {
    return writtenTarget(service, { revision, tag, percent: 0, latest: false });
  });
  return {
    service,
    by: SPLIT_OWNERS.istio,
    at,
    targets: withPreview([...listed, ...unlisted], preview).map((target) => ownTarget(service, target)),
    header,
    edited(text, targets, form = { header }) {
      refuseOtherTags(service, targets);
      const wanted = targets.map((target) => writtenTarget(service, target));
      const line = document.at([]).line;
      if (header === undefined && form.header === undefined) {
        const path: FieldPath = ["spec", "http", rule, "route"];
        const weighted = editList(text, { line, path }, weightEdits(options, listed, wanted));
        const isSame = JSON.stringify(preview) === JSON.stringify(previewOf(wanted));
        if (isSame) return weighted;
        return editList(weighted, { line, path: ["spec", "http"] }, [
          ...before(options, listed, wanted, preview),
          ...keep(options.http, rule, options.http.length),
        ]);
      }
      return editList(
        text,
        { line, path: ["spec", "http"] },
        ruleEdits(options, listed, wanted, form.header, preview),
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
  options: IstioSplitOptions,
  planned: readonly SplitTarget[],
  wanted: readonly SplitTarget[],
  header: string | undefined,
  preview: FoundPreview | undefined,
): ItemEdit[] {
  const { service: plan, rule, http } = options;
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
  const written = { example, listed: kept, wanted, service };
  const rules = header === undefined ? [weightedRule(written)] : bucketRules(written, header);
  return [
    ...before(options, planned, wanted, preview),
    ...rules.map((added) => ({ added })),
    ...keep(http, last + 1, http.length),
  ];
}

/** The rules before those of the split, with the wanted preview as the last. */
function before(
  { service: plan, rule, http }: IstioSplitOptions,
  planned: readonly SplitTarget[],
  wanted: readonly SplitTarget[],
  preview: FoundPreview | undefined,
): ItemEdit[] {
  const service = weightedServiceOf(plan);
  const example = http.find(({ match = [] }, i) => i >= rule && match.length === 0);
  if (example === undefined) throw new Error(`${plan.name} has no rule without a condition`);
  const listed = planned.flatMap(({ revision, tag }) => {
    const found = http
      .slice(rule)
      .flatMap(({ route = [] }) => route)
      .find((destination) => destinationOf(destination, service)?.revision === revision);
    return found === undefined ? [] : [{ revision, tag, destination: found }];
  });
  const added = previewRules({ example, listed, wanted, service }).map((each) => ({ added: each }));
  return [...keep(http, 0, preview === undefined ? rule : rule - 1), ...added];
}

function keep(http: readonly HTTPRoute[], from: number, to: number): ItemEdit[] {
  return http.slice(from, to).map((_, i) => ({ kept: from + i, set: {} }));
}

function previewOf(wanted: readonly SplitTarget[]): FoundPreview | undefined {
  const found = wanted.find(({ preview }) => preview !== undefined);
  return found?.preview && { preview: found.preview, revision: found.revision };
}

function refuseOtherTags(service: ServicePlan, wanted: readonly SplitTarget[]): void {
  const known = service.traffic.flatMap(({ tag, revision }) =>
    tag === undefined ? [] : [`${tag} ${revision}`],
  );
  const other = wanted.find(
    ({ tag, revision }) => tag !== undefined && !known.includes(`${tag} ${revision}`),
  );
  if (other !== undefined && service.podHosts !== undefined)
    throw new CannotWrite(
      `Deployments have no tags but the subsets of a DestinationRule: write a subset ${other.tag} with the labels of ${other.revision}.`,
    );
  if (other !== undefined)
    throw new CannotWrite(
      `The split is in a VirtualService, but tags belong to the Knative Service: add tag ${other.tag} for ${other.revision} in ${service.at.file}.`,
    );
}
