import type { KnState } from "../compute.ts";

/** A target of the model; `@latest` is resolved to its revision. */
interface Slot {
  revision: string;
  tag: string;
  percent: number;
}

/** A parsed flag of the model. */
export interface ModelFlags {
  untag: string[];
  tag: { revision: string; tag: string }[];
  /** Undefined if not given. */
  traffic: { ref: string; percent: number }[] | undefined;
}

/**
 * An independent model of kn: a sequence of immutable lists, with tags and revisions looked up in tables of slots.
 * Its flags are well-formed; returns undefined if kn refuses.
 */
export function modelOfKn(state: KnState, flags: ModelFlags): Slot[] | undefined {
  const wanted = flags.traffic === undefined ? undefined : completed(state, flags.traffic);
  if (wanted === "refused" || repeats(flags.tag.filter(isForLatest).map(() => "@latest"))) return undefined;
  let slots = state.traffic.map(({ revisionName = "@latest", tag = "", percent }): Slot => ({
    revision: revisionName,
    tag,
    percent,
  }));
  for (const tag of flags.untag) {
    if (!slots.some((slot) => slot.tag === tag)) return undefined;
    slots = slots.map((slot) => (slot.tag === tag ? { ...slot, tag: "" } : slot));
  }
  for (const { revision, tag } of flags.tag) {
    const holder = slots.find((slot) => slot.tag === tag);
    if (holder?.revision === revision && (revision !== "@latest" || holder === firstOf(slots, revision)))
      continue;
    if (holder !== undefined) return undefined;
    const at = slots.findIndex((slot) => slot.revision === revision);
    const isFree = slots[at]?.tag === "";
    if (at >= 0 && !isFree && revision === "@latest") return undefined;
    slots = isFree
      ? slots.map((slot, i) => (i === at ? { ...slot, tag } : slot))
      : [...slots, { revision, tag, percent: 0 }];
  }
  if (wanted !== undefined) {
    slots = slots.map((slot) => ({ ...slot, percent: 0 }));
    for (const { ref, percent } of wanted) {
      const byTag = slots.findIndex(({ tag }) => tag === ref);
      const at =
        byTag >= 0 && ref !== "@latest" ? byTag : slots.findIndex(({ revision }) => revision === ref);
      slots =
        at < 0
          ? [...slots, { revision: ref, tag: "", percent }]
          : slots.map((slot, i) => (i === at ? { ...slot, percent } : slot));
    }
  }
  const left = slots.filter(({ tag, percent }) => tag !== "" || percent > 0);
  return left.length > 0 ? left : [{ revision: "@latest", tag: "", percent: 100 }];
}

function completed(
  { observed, revisions, latest }: KnState,
  traffic: NonNullable<ModelFlags["traffic"]>,
): NonNullable<ModelFlags["traffic"]> | "refused" {
  const refs = traffic.map(({ ref }) => ref);
  const sum = traffic.map(({ percent }) => percent).reduce((a, b) => a + b, 0);
  if (repeats(refs) || traffic.some(({ percent }) => percent < 0 || percent > 100) || sum > 100)
    return "refused";
  if (traffic.length === 0 || sum === 100) return traffic;
  if (observed.length - traffic.length !== 1) return "refused";
  const named = refs.map((ref) => (ref === "@latest" ? latest : ref));
  const rest = observed
    .map(({ revisionName = "" }) => revisionName)
    .find((name) => !revisions.includes(name) || !(named.includes(name) || refs.includes(name)));
  if (rest === undefined || !revisions.includes(rest)) return "refused";
  return [...traffic, { ref: rest, percent: 100 - sum }];
}

function firstOf(slots: readonly Slot[], revision: string): Slot | undefined {
  return slots.find((slot) => slot.revision === revision);
}

function isForLatest({ revision }: { revision: string }): boolean {
  return revision === "@latest";
}

function repeats(names: readonly string[]): boolean {
  return new Set(names).size < names.length;
}
