import Type from "typebox";
import { Check } from "typebox/schema";
import { formatPath } from "../../manifests/problem.ts";
import type { HTTPRouteDestination } from "../../route-fields/destinations/destinations.ts";
import type { HTTPRoute } from "../../route-fields/families.ts";
import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import type { TrafficTarget } from "../../manifests/kinds/knative-service.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { CLUSTER_DOMAIN, fullHost } from "../hosts.ts";
import { NotRendered, sharesOf, type TrafficBlock, tagsOf } from "./traffic-block.ts";
import { LOCAL_GATEWAY, TRAFFIC_ANNOTATION } from "./virtual-service.ts";

const Annotation = Type.Object({
  service: Type.String(),
  latest: Type.Optional(Type.String()),
  traffic: Type.Array(
    Type.Object({
      revisionName: Type.Optional(Type.String()),
      latestRevision: Type.Optional(Type.Boolean()),
      tag: Type.Optional(Type.String()),
      percent: Type.Optional(Type.Integer()),
    }),
  ),
});

/** The split of a Knative Service as expressed by the rules of a VirtualService. */
interface Written {
  /** Each revision's weight. */
  weights: ReadonlyMap<string, number>;
  tags: ReadonlyMap<string, string>;
  /** Parts of the rules that a traffic block cannot express, as sentences. */
  lost: string[];
}

export interface TrafficOptions {
  /** Whether to render only the rule without a condition, and omit what a traffic block cannot express. */
  splitOnly: boolean;
  /** The Knative Service whose tags' hosts are the destinations. */
  known: TrafficBlock | undefined;
}

/**
 * Returns the traffic block of a Knative Service that routes like a VirtualService. If the VirtualService carries the
 * block that it was rendered from, and still agrees with it, the result is that block.
 * @returns the block, and sentences about omissions and decisions
 * @throws NotRendered if a traffic block cannot express the rules
 */
export function renderTraffic(
  source: Sourced<VirtualService>,
  options: TrafficOptions,
): { traffic: TrafficTarget[]; notes: string[] } {
  const { namespace = "default", annotations } = source.value.metadata;
  const kept = readAnnotation(annotations?.[TRAFFIC_ANNOTATION], namespace);
  const written = readRules(source, kept ?? options.known);
  if (written.lost.length > 0 && !options.splitOnly)
    throw new NotRendered(
      `${written.lost.join("\n")}\nA traffic block cannot express this; --split-only renders only the split`,
    );
  const notes = written.lost.map((sentence) => `left out: ${sentence}`);
  if (kept !== undefined && says(kept, written)) return { traffic: [...kept.targets], notes };
  if (kept !== undefined) {
    notes.push(`the rules were changed after rendering, and ${TRAFFIC_ANNOTATION} is not followed`);
    if (kept.targets.some(({ latestRevision }) => latestRevision === true))
      notes.push("latestRevision is lost: the rules name revisions");
  }
  return { traffic: targetsOf(written, source), notes };
}

function readAnnotation(text: string | undefined, namespace: string): TrafficBlock | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Check(Annotation, value)) return undefined;
  return { service: value.service, namespace, latest: value.latest, targets: value.traffic };
}

/** Whether a block has exactly the split of the rules. */
function says(block: TrafficBlock, { weights, tags }: Written): boolean {
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  const shares = sharesOf(block);
  const same = [...weights].every(
    ([revision, weight]) => weight * 100 === (shares.get(revision) ?? 0) * total,
  );
  const known = tagsOf(block);
  const sameTags = [...tags].every(([tag, revision]) => known.get(tag) === revision);
  return same && weights.size === shares.size && sameTags && tags.size === known.size;
}

function targetsOf({ weights, tags }: Written, { document }: Sourced<VirtualService>): TrafficTarget[] {
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  const open = new Map(tags);
  const targets = [...weights].map(([revisionName, weight]): TrafficTarget => {
    const percent = (weight * 100) / total;
    if (!Number.isInteger(percent)) {
      const { file, line } = document.at(["spec", "http"]);
      throw new NotRendered(
        `${file}:${line}: ${revisionName} has ${weight} of ${total}, which is not a whole percent, as Knative requires`,
      );
    }
    const [tag] = [...open].find(([, revision]) => revision === revisionName) ?? [];
    if (tag !== undefined) open.delete(tag);
    return { revisionName, ...(tag === undefined ? {} : { tag }), percent };
  });
  return [...targets, ...[...open].map(([tag, revisionName]) => ({ revisionName, tag, percent: 0 }))];
}

function readRules({ value, document }: Sourced<VirtualService>, known: TrafficBlock | undefined): Written {
  const { hosts, http } = value.spec;
  const { namespace = "default" } = value.metadata;
  const lost: string[] = [];
  const [main = ""] = hosts.map((host) => fullHost(host, namespace));
  const tags = new Map<string, string>();
  let weights: Map<string, number> | undefined;
  for (const [i, rule] of http.entries()) {
    const path = ["spec", "http", i];
    const host = hostOf(rule);
    if (host === undefined) {
      lose(path, "matches on more than the host");
      continue;
    }
    for (const field of EXTRA)
      if (rule[field] !== undefined) lose([...path, field], "is not part of a split");
    if (rule.retries?.attempts !== 0)
      lose([...path, "retries"], "sends failed requests again, as Knative never does");
    const found = weightsOf(rule, path);
    if (host === "" || isMeant(host, main)) weights ??= found;
    else {
      const tag = tagOf(host);
      const [revision, second] = [...found.keys()];
      if (tag === undefined || revision === undefined || second !== undefined)
        lose(path, `is for ${host}, which is not the host of a tag`);
      else tags.set(tag, revision);
    }
  }
  if (weights === undefined) {
    const { file, line } = document.at(["spec", "http"]);
    throw new NotRendered(`${file}:${line}: there is no rule for all requests to ${main}`);
  }
  return { weights, tags: new Map([...tags, ...tagsOfDestinations()]), lost };

  /** Returns the tag of a host TAG-MAIN. */
  function tagOf(authority: string): string | undefined {
    const host = hosts.map((one) => fullHost(one, namespace)).find((one) => isMeant(authority, one));
    return host?.endsWith(`-${main}`) ? host.slice(0, -main.length - 1) : undefined;
  }

  function lose(path: (string | number)[], what: string): void {
    const { file, line } = document.at(path);
    lost.push(`${file}:${line}: ${formatPath(path)} ${what}`);
  }

  function weightsOf(rule: HTTPRoute, path: (string | number)[]): Map<string, number> {
    const found = new Map<string, number>();
    const route = rule.route ?? [];
    for (const [j, to] of route.entries()) {
      const weight = route.length === 1 ? 100 : (to.weight ?? 0);
      const revision = revisionOf(to, rule, [...path, "route", j]);
      if (to.headers?.response !== undefined)
        lose([...path, "route", j, "headers", "response"], "changes answers");
      if (weight > 0) found.set(revision, (found.get(revision) ?? 0) + weight);
    }
    return found;
  }

  function revisionOf(to: HTTPRouteDestination, rule: HTTPRoute, path: (string | number)[]): string {
    const set = Object.entries({ ...rule.headers?.request?.set, ...to.headers?.request?.set });
    const asked = rule.rewrite?.authority ?? set.find(([name]) => name.toLowerCase() === "host")?.[1];
    const host = fullHost(to.destination.host, namespace);
    const { subset } = to.destination;
    if (subset !== undefined)
      throw notKnown(
        [...path, "destination", "subset"],
        `${subset} is a subset of ${host}, and a traffic block names revisions of a Knative Service; name the Service of a revision instead of a subset`,
      );
    if (host !== LOCAL_GATEWAY) {
      const [revision = "", of, ...domain] = host.split(".");
      if (of === namespace && domain.join(".") === CLUSTER_DOMAIN) return revision;
      throw notKnown(path, `${host} is not a revision of namespace ${namespace}`);
    }
    const tagged = known === undefined ? [] : [...tagsOf(known)];
    const found = tagged.find(([tag]) => asked === fullHost(`${tag}-${known?.service}`, namespace));
    if (found !== undefined) return found[1];
    const fix = known === undefined ? "; give the Knative Service's file with --with" : "";
    throw notKnown(path, `${asked ?? host} is not the host of a known tag${fix}`);
  }

  /** Returns the tags of destinations. They exist even if no rule leads to the tag alone. */
  function tagsOfDestinations(): [string, string][] {
    if (known === undefined) return [];
    const text = JSON.stringify(http);
    return [...tagsOf(known)].filter(([tag]) =>
      text.includes(`"${fullHost(`${tag}-${known.service}`, namespace)}"`),
    );
  }

  function notKnown(path: (string | number)[], message: string): NotRendered {
    const { file, line } = document.at(path);
    return new NotRendered(`${file}:${line}: ${message}`);
  }
}

const EXTRA = ["redirect", "directResponse", "fault", "mirror", "mirrors", "timeout"] as const;

/** Returns the authority that a rule matches; empty for all, undefined for a rule with other conditions. */
function hostOf({ match }: HTTPRoute): string | undefined {
  if (match === undefined) return "";
  const [only, second] = match;
  const others = Object.keys(only ?? {}).filter(
    (field) => !["authority", "gateways", "name"].includes(field),
  );
  if (second !== undefined || others.length > 0) return undefined;
  return only?.authority?.prefix ?? only?.authority?.exact;
}

/** Whether a prefix of an authority, or all of it, identifies a host. */
function isMeant(authority: string, host: string): boolean {
  return host === authority || host.startsWith(`${authority}.`);
}
