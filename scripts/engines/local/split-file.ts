import { join } from "node:path";
import { LOCAL_DOMAIN } from "../../traffic/hosts.ts";

import { editList, type ItemEdit } from "../../manifests/edit-list.ts";
import type { FieldPath, ManifestDocument } from "../../manifests/document.ts";
import { InvalidManifests, type Position } from "../../manifests/problem.ts";
import { openUnchanged } from "../../manifests/file-documents.ts";
import { readManifests } from "../../manifests/read.ts";
import { didYouMean } from "../../nearest.ts";
import { compilePlan } from "../../traffic/compile/compile.ts";
import { CannotWrite, type SplitForm, type SplitTarget, UnknownService } from "../../traffic/split/split.ts";
import { needsTagForPreview } from "../../traffic/split/preview-rule.ts";
import { asTraffic, type KnTarget } from "../../traffic/kn/target.ts";
import type { ServicePlan } from "../../traffic/compile/service-plan.ts";
import { BY_REPLICAS, SPLIT_OWNERS } from "../../traffic/split-owner.ts";
import { type PlannedSplit, splitsOf } from "../../traffic/split/planned-splits.ts";
import { splitByIstio } from "./istio-split.ts";
import { manifestFolders } from "../../manifests/folders.ts";

/** The split of a service in the files. */
export interface FileSplit {
  service: ServicePlan;
  by: PlannedSplit["by"];
  /** The position of the list of targets or destinations. */
  at: Position;
  targets: SplitTarget[];
  /** The header whose buckets decide; undefined if each request is drawn. */
  header: string | undefined;
  /**
   * A text of the file with other targets.
   * @param form the form of the split @default the current form
   * @throws CannotWrite
   */
  edited(text: string, targets: readonly SplitTarget[], form?: SplitForm): string;
}

/** Options for reading; the namespace matters only if two namespaces have a service of this name. */
export interface FileSplitOptions {
  root: string;
  service: string;
}

// One command, and a rollout all the more, reads the files of a folder many times.
const open = openUnchanged();

/**
 * Finds the owner of a service's split in the files of a folder: the last state's traffic block, the weights of a
 * VirtualService, or the replicas of Deployments.
 * @throws InvalidManifests if the files are not valid; UnknownService if they have no such service
 */
export async function readFileSplit({ root, service: name }: FileSplitOptions): Promise<FileSplit> {
  const { resources, problems } = await readManifests(root, manifestFolders(root), { open });
  const compiled = compilePlan(resources, LOCAL_DOMAIN);
  const errors = [problems, compiled.problems].map((all) =>
    all.filter(({ severity }) => severity === "error"),
  );
  const first = errors.find((all) => all.length > 0);
  if (first !== undefined) throw new InvalidManifests(first);
  const service = compiled.plan.services.find((each) => each.name === name);
  if (service === undefined) {
    const names = compiled.plan.services.map((each) => each.name);
    throw new UnknownService(
      `${manifestFolders(root).join("/ and ")}/ describe no service ${name}; ${didYouMean(name, names)}`,
    );
  }
  const [split] = splitsOf(service, compiled.plan, resources.virtualServices);
  if (split?.by === SPLIT_OWNERS.istio) {
    for (const { value, document } of resources.virtualServices) {
      const rule = value.spec.http.findIndex((_, i) => isAt(document, ["spec", "http", i], split.at));
      if (rule >= 0) return splitByIstio({ service, split, document, rule, http: value.spec.http });
    }
  }
  if (service.podHosts !== undefined) return byReplicas(service);
  const states = resources.knativeServices.filter(
    ({ value }) =>
      value.metadata.name === name && (value.metadata.namespace ?? "default") === service.namespace,
  );
  const last = states.at(-1);
  if (last === undefined) throw new Error(`${name} has no state`);
  return byTraffic(service, last.document, last.value.spec.traffic !== undefined);
}

/** The file that holds a split. */
export function pathOf(root: string, { at }: FileSplit): string {
  return join(root, at.file);
}

function byTraffic(service: ServicePlan, document: ManifestDocument, isWritten: boolean): FileSplit {
  const targets = service.traffic.map(({ revision, tag, percent, latest }) => ({
    revision,
    tag,
    percent,
    latest,
  }));
  const path = ["spec", "traffic"];
  return {
    service,
    by: SPLIT_OWNERS.knative,
    at: document.atKey(path),
    targets,
    header: undefined,
    edited(text, wanted, form) {
      if (form?.header !== undefined) throw new CannotWrite(needsIstio(service.name));
      if (wanted.some(({ preview }) => preview !== undefined))
        throw new CannotWrite(needsIstioForPreview(service.name));
      refuseFractions(wanted);
      const used = new Set<number>();
      const items = asTraffic(wanted).map((target, i): ItemEdit => {
        const kept = isWritten ? indexFor(targets, wanted[i] as SplitTarget, used) : -1;
        if (kept < 0) return { added: asWritten(target) };
        used.add(kept);
        return { kept, set: { tag: target.tag, percent: target.percent } };
      });
      return editList(text, { line: document.at([]).line, path }, items);
    },
  };
}

/** The split by the pods of Deployments, which no edit of a list changes. */
function byReplicas(service: ServicePlan): FileSplit {
  const { name, at } = service;
  const subsets = service.traffic.map(({ tag, revision }) => tag ?? revision).join(", ");
  return {
    service,
    by: BY_REPLICAS,
    at,
    targets: service.traffic.map(({ at: _, ...target }) => target),
    header: undefined,
    edited() {
      throw new CannotWrite(
        `The pods of ${name} share its requests, because no VirtualService for its host has weights for them: add one with a route without a match, and a destination for each of ${subsets}.`,
      );
    },
  };
}

/** The index of the old target that becomes the new one: that with the same tag, else the first of its revision. */
function indexFor(
  old: readonly SplitTarget[],
  { revision, tag, latest }: SplitTarget,
  used: ReadonlySet<number>,
): number {
  const isOf = (target: SplitTarget, i: number): boolean =>
    !used.has(i) && target.latest === latest && (latest || target.revision === revision);
  const same = old.findIndex((target, i) => isOf(target, i) && target.tag === tag);
  return same >= 0 ? same : old.findIndex(isOf);
}

function asWritten({ tag, revisionName, latestRevision, percent }: KnTarget): Record<string, unknown> {
  return {
    ...(latestRevision ? { latestRevision } : { revisionName }),
    ...(tag === undefined ? {} : { tag }),
    percent,
  };
}

/** Why a traffic block cannot have buckets, and how to let Istio decide on this machine. */
export function needsIstio(service: string): string {
  return `Knative splits requests at random and cannot use a header, so ${service} cannot be split by one: move the split to Istio, with - split/by-istio in istio/kustomization.yaml.`;
}

/** The same for a preview. */
export function needsIstioForPreview(service: string): string {
  return needsTagForPreview(
    service,
    "Move the split to Istio, which can, with - split/by-istio in istio/kustomization.yaml.",
  );
}

function refuseFractions(wanted: readonly SplitTarget[]): void {
  const finer = wanted.find(({ percent }) => !Number.isInteger(percent));
  if (finer !== undefined)
    throw new CannotWrite(
      `Knative's percents are whole numbers, and ${finer.percent} is not; Istio's weights can be finer.`,
    );
}

function isAt(document: ManifestDocument, path: FieldPath, at: Position): boolean {
  const own = document.at(path);
  return own.file === at.file && own.line === at.line && own.column === at.column;
}
