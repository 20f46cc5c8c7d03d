import type { Difference, TerminalShare } from "./counterexample.ts";
import { ONLY_PORT } from "./symbolic/destinations.ts";
import { type Tree, unmodelledIn, type UnmodelledStep } from "./symbolic/tree.ts";

/** Names the unmodelled settings that differ between two otherwise equal trees. */
export function notCompared(trees: readonly [Tree, Tree]): string {
  const [ofA, ofB] = trees.map(unmodelledIn) as [UnmodelledStep[], UnmodelledStep[]];
  const onlyIn = (own: UnmodelledStep[], other: UnmodelledStep[]): UnmodelledStep[] =>
    own.filter((one) => !other.some(({ about, text }) => about === one.about && text === one.text));
  const apart = [...onlyIn(ofA, ofB), ...onlyIn(ofB, ofA)];
  const told = (apart.length > 0 ? apart : [...ofA, ...ofB]).map(
    ({ about, at }) => `${about} (${at.file}:${at.line})`,
  );
  const names = [...new Set(told)];
  const [verb, whose] = names.length === 1 ? ["is", "its"] : ["are", "their"];
  return `${names.join(" and ")} ${verb} not the same on both sides, and ${whose} effect on requests is not modelled`;
}

const withoutPort = (place: string): string => place.replace(ONLY_PORT, "").replace(/:[0-9]+/, "");

/** Returns the undescribed places that only one side leads to and that may equal places of the other side. */
export function namedDifferently({ sides }: Difference): string[] {
  const alone = sides.map((side, i) => {
    const others = new Set(sides[1 - i]?.map(({ place }) => place));
    return side.filter(({ place }) => !others.has(place));
  });
  const lost = alone.flat().filter(({ undescribed }) => undescribed !== undefined);
  // A response of the proxy itself is never a described host.
  const isOwn = ({ place }: TerminalShare): boolean => /^[1-5][0-9][0-9] /.test(place);
  const others = alone.map((side) => side.filter((end) => !isOwn(end)));
  const mayBeOne = others.some((side, i) => {
    const isRevision = ({ place, undescribed }: TerminalShare): boolean =>
      undescribed === undefined && place.includes("/");
    return side.some((end) => lost.includes(end)) && others[1 - i]?.some(isRevision) === true;
  });
  const [ofA, ofB] = others.map((side) => side.map(({ place }) => withoutPort(place)));
  const mayBeOnePort =
    lost.some(({ place }) => place.includes(ONLY_PORT)) && ofA?.some((place) => ofB?.includes(place));
  if (mayBeOnePort === true) return [...new Set(lost.map(({ place }) => place))];
  const isOutOfSight = lost.some(({ undescribed }) => undescribed === "way");
  return mayBeOne || isOutOfSight ? [...new Set(lost.map(({ place }) => place))] : [];
}
