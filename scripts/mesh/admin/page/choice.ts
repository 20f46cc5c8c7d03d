import { passed } from "../../../format.ts";
import type { MeshState, RevisionView, ServiceState } from "../schema.ts";

/** What the user chose to see. */
export interface Choice {
  /** Words that a service or revision must have in its name, tags or state; any where empty. */
  search: string;
  show: Show;
  /** The services whose revisions are shown, as `namespace/name`, where there are many. */
  open: ReadonlySet<string>;
  /** How many services are listed. */
  limit: number;
}

/** All revisions, those with requests in the time range, or those with errors in it or without a process that answers. */
export type Show = "all" | "busy" | "failing";

/** How many services are listed at first, and how many more each time. */
export const PAGE = 50;
/** Up to so many revisions have a card each. */
export const CARDS = 12;
/** How many services have pictures where there are many revisions. */
const PICTURED = 4;

export const EVERYTHING: Choice = { search: "", show: "all", open: new Set(), limit: PAGE };

/** A service with its chosen revisions, at least one. */
export interface Chosen {
  service: ServiceState;
  revisions: RevisionView[];
}

/** The services and revisions that were chosen, in the order of the state. */
export function chosenOf({ services }: MeshState, { search, show }: Choice): Chosen[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return services.flatMap((service) => {
    const revisions = service.revisions.filter(
      (revision) =>
        isShown(revision, show) && words.every((word) => textOf(service, revision).includes(word)),
    );
    return revisions.length === 0 ? [] : [{ service, revisions }];
  });
}

/** Whether there are too many revisions for a card each. */
export function isMany({ services }: MeshState): boolean {
  return services.reduce((sum, { revisions }) => sum + revisions.length, 0) > CARDS;
}

/**
 * The services that are drawn: all of few; of many those with most requests, and without a search only such as have any.
 */
export function pictured(state: MeshState, chosen: readonly Chosen[], { search }: Choice): ServiceState[] {
  const services = chosen.map(({ service }) => service);
  if (!isMany(state)) return services;
  const requests = ({ revisions }: ServiceState): number =>
    revisions.reduce((sum, { traffic }) => sum + traffic.requests, 0);
  const candidates = search === "" ? services.filter((service) => requests(service) > 0) : services;
  const kept = new Set(candidates.toSorted((a, b) => requests(b) - requests(a)).slice(0, PICTURED));
  return services.filter((service) => kept.has(service));
}

/** `namespace/name` of a service. */
export function keyOf({ namespace, name }: ServiceState): string {
  return `${namespace}/${name}`;
}

/** The time range of the figures: `10 s`, `1 min`. */
export function rangeText({ windowSeconds }: Pick<MeshState, "windowSeconds">): string {
  return passed(windowSeconds * 1000);
}

function isShown({ state, traffic }: RevisionView, show: Show): boolean {
  if (show === "busy") return traffic.requests > 0;
  return show === "all" || traffic.errors > 0 || state === "failed";
}

function textOf(service: ServiceState, { name, tags, state }: RevisionView): string {
  return `${keyOf(service)} ${name} ${tags.join(" ")} ${state}`.toLowerCase();
}
