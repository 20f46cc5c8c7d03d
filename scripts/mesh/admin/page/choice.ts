import { passed } from "../../../format.ts";
import type { MeshState, RevisionView, ServiceState } from "../schema.ts";

/** The user's choice of what to show. */
export interface Choice {
  /** Words that a service or revision must have in its name, tags or state; empty for any. */
  search: string;
  show: Show;
  /** The services whose revisions are shown, as `namespace/name`, if there are many. */
  open: ReadonlySet<string>;
  /** The number of listed services. */
  limit: number;
}

/**
 * All revisions, those with requests in the time range, or those with errors in it or without a process that answers.
 */
export type Show = "all" | "busy" | "failing";

/** The number of services listed at first, and added each time. */
export const PAGE = 50;
/** The most revisions that have a card each. */
export const CARDS = 12;
/** The number of services with pictures if there are many revisions. */
const PICTURED = 4;

export const EVERYTHING: Choice = { search: "", show: "all", open: new Set(), limit: PAGE };

/** A service with its chosen revisions, at least one. */
export interface Chosen {
  service: ServiceState;
  revisions: RevisionView[];
}

/** Returns the chosen services and revisions, in the order of the state. */
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
 * Returns the services to draw: all of few; of many those with most requests, and without a search only those that
 * have any.
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

/** Returns `namespace/name` of a service. */
export function keyOf({ namespace, name }: ServiceState): string {
  return `${namespace}/${name}`;
}

/** Formats the time range of the figures: `10 s`, `1 min`. */
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
