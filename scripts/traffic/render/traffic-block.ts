import type { KnativeService, TrafficTarget } from "../../manifests/kinds/knative-service.ts";
import type { Problem } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { planKnativeServices } from "../compile/knative.ts";

/** Thrown if the rules cannot be expressed in the other form; the message has the reason. */
export class NotRendered extends Error {
  override readonly name = "NotRendered";
}

/** The split of a Knative Service in its files. */
export interface TrafficBlock {
  service: string;
  namespace: string;
  /** The current revision of `latestRevision: true`. */
  latest: string | undefined;
  targets: readonly TrafficTarget[];
}

/**
 * Reads the split that is in force from the states of a Knative Service.
 * @param latest the name of the latest revision; by default the last template's
 * @throws NotRendered if the split is invalid, or the latest revision is unknown
 */
export function readTrafficBlock(states: readonly Sourced<KnativeService>[], latest?: string): TrafficBlock {
  const last = states.at(-1);
  if (last === undefined) throw new NotRendered("there is no Knative Service in these files");
  const { metadata, spec } = last.value;
  const names = new Set(
    states.map(({ value }) => `${value.metadata.namespace ?? "default"}/${value.metadata.name}`),
  );
  if (names.size > 1)
    throw new NotRendered(
      `there are several Knative Services: ${[...names].join(", ")}; choose one with --service`,
    );
  const errors = planKnativeServices(states).problems.filter(isOfTheBlock);
  if (errors.length > 0)
    throw new NotRendered(
      errors.map(({ at, message, fix }) => `${at.file}:${at.line}: ${message}; ${fix}`).join("\n"),
    );
  const targets = spec.traffic ?? [{ latestRevision: true, percent: 100 }];
  const name = latest ?? spec.template.metadata?.name;
  if (name === undefined && targets.some(({ latestRevision }) => latestRevision === true)) {
    const { file, line } = last.document.atKey(["spec", "template"]);
    throw new NotRendered(
      `${file}:${line}: Knative names the revision of latestRevision; give it with --latest, as in --latest ${metadata.name}-00001`,
    );
  }
  return { service: metadata.name, namespace: metadata.namespace ?? "default", latest: name, targets };
}

/** Whether a problem prevents rendering. A revision that no file describes does not: it may be on the cluster. */
function isOfTheBlock({ code }: Problem): boolean {
  return code === "traffic-target" || code === "tag-twice" || code === "percents-sum";
}

/** Returns the revision of a target. */
export function revisionOf({ latest }: TrafficBlock, target: TrafficTarget): string {
  return target.revisionName ?? latest ?? "";
}

/** Returns the share of each revision in percent, in the order of the block, without revisions at 0. */
export function sharesOf(block: TrafficBlock): Map<string, number> {
  const shares = new Map<string, number>();
  for (const target of block.targets) {
    const { percent = 0 } = target;
    const revision = revisionOf(block, target);
    if (percent > 0) shares.set(revision, (shares.get(revision) ?? 0) + percent);
  }
  return shares;
}

/** Returns the revision of each tag, in alphabetical order of the tags, as in net-istio. */
export function tagsOf(block: TrafficBlock): Map<string, string> {
  const tags = block.targets.flatMap((target) =>
    target.tag === undefined ? [] : [[target.tag, revisionOf(block, target)] as const],
  );
  return new Map(tags.sort(([a], [b]) => (a < b ? -1 : 1)));
}
