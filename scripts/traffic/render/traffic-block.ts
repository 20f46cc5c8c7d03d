import type { KnativeService, TrafficTarget } from "../../manifests/kinds/knative-service.ts";
import type { Problem } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { planKnativeServices } from "../compile/knative.ts";

/** The rules cannot be expressed in the other form; the message has the reason. */
export class NotRendered extends Error {
  override readonly name = "NotRendered";
}

/** The split of a Knative Service in its files. */
export interface TrafficBlock {
  service: string;
  namespace: string;
  /** The revision that `latestRevision: true` means now. */
  latest: string | undefined;
  targets: readonly TrafficTarget[];
}

/**
 * Reads the split that is in force from the states of a Knative Service.
 * @param latest the name of the latest revision; without it the last template's
 * @throws NotRendered when the split is invalid, or the latest revision is unknown
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
      `there are several Knative Services: ${[...names].join(", ")}; say which by --service`,
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
      `${file}:${line}: latestRevision means a revision that Knative names; say which by --latest, as in --latest ${metadata.name}-00001`,
    );
  }
  return { service: metadata.name, namespace: metadata.namespace ?? "default", latest: name, targets };
}

/** Whether a problem is an error here. A revision that no file describes is none: it may be on the cluster. */
function isOfTheBlock({ code }: Problem): boolean {
  return code === "traffic-target" || code === "tag-twice" || code === "percents-sum";
}

/** The revision that a target means. */
export function revisionOf({ latest }: TrafficBlock, target: TrafficTarget): string {
  return target.revisionName ?? latest ?? "";
}

/** The share of each revision in percent, in the order of the block, without revisions at 0. */
export function sharesOf(block: TrafficBlock): Map<string, number> {
  const shares = new Map<string, number>();
  for (const target of block.targets) {
    const { percent = 0 } = target;
    const revision = revisionOf(block, target);
    if (percent > 0) shares.set(revision, (shares.get(revision) ?? 0) + percent);
  }
  return shares;
}

/** The revision of each tag, by the tag's name in alphabetical order, as net-istio sorts them. */
export function tagsOf(block: TrafficBlock): Map<string, string> {
  const tags = block.targets.flatMap((target) =>
    target.tag === undefined ? [] : [[target.tag, revisionOf(block, target)] as const],
  );
  return new Map(tags.sort(([a], [b]) => (a < b ? -1 : 1)));
}
