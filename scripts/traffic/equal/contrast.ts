import type { Position } from "../../manifests/problem.ts";
import { plus, type Rational, share } from "./symbolic/rational.ts";
import type { Known, Part } from "./request-space/value.ts";
import { type Properties, propertiesOf, type Property, defaultProperty } from "./symbolic/properties.ts";
import { textOfTree, type Tree } from "./symbolic/tree.ts";

/** A property in which two sides differ, although both send the request to the same places equally often. */
export interface Contrast {
  /** The subject, such as `retries` or `header x-a`. */
  about: string;
  /** The property of either side as text. */
  values: readonly [string, string];
  /** The rule of either side that states it; if none does, the last rule on the way. */
  at: readonly [Position | undefined, Position | undefined];
}

/** The values of one property on one side: each text, its share, and a rule that states it. */
type Spread = ReadonlyMap<string, { share: Rational; at: Position | undefined }>;

/**
 * Returns the properties in which two trees differ; empty if their destinations differ, since that is explanation
 * enough.
 */
export function contrastsOf(trees: readonly [Tree, Tree], known: (part: Part) => Known): Contrast[] {
  const [a, b] = trees.map((tree) => Map.groupBy(propertiesOf(tree, known), ({ place }) => place)) as [
    Map<string, Properties[]>,
    Map<string, Properties[]>,
  ];
  const all = [...a].map(([place, ofA]) => ({ place, sides: [ofA, b.get(place) ?? []] as const }));
  if (a.size !== b.size || all.some(({ sides: [x, y] }) => shareOf(x) !== shareOf(y))) return [];
  const found = all.flatMap(({ place, sides }) => at(sides).map((contrast) => ({ place, contrast })));
  if (found.length === 0) return [unnamed(trees, known)];
  const alike = Map.groupBy(found, ({ contrast: { about, values } }) => JSON.stringify([about, values]));
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const isEverywhere = group.length === all.length;
    const where = isEverywhere ? "" : ` on the way to ${group.map(({ place }) => place).join(" and ")}`;
    return [{ ...first.contrast, about: `${first.contrast.about}${where}` }];
  });
}

function shareOf(properties: readonly Properties[]): string {
  const [first, ...others] = properties.map((property) => property.share);
  return first === undefined ? "" : share(others.reduce(plus, first));
}

/** Returns the differences on the way to one destination. */
function at(sides: readonly [readonly Properties[], readonly Properties[]]): Contrast[] {
  const abouts = [...new Set(sides.flat().flatMap(({ stated }) => [...stated.keys()]))];
  const each = abouts.flatMap((about) => contrast(about, sides, (property) => saidBy(property, about)));
  if (each.length > 0) return each;
  // Each property by itself is equally frequent on both sides, but their combinations are not.
  return contrast("the combination of properties", sides, (property) => ({
    text: abouts.map((about) => `${about}: ${saidBy(property, about).text}`).join("; "),
    at: property.by,
  }));
}

function saidBy({ stated, by }: Properties, about: string): Property {
  return stated.get(about) ?? { text: defaultProperty(about), at: by };
}

function contrast(
  about: string,
  sides: readonly [readonly Properties[], readonly Properties[]],
  of: (property: Properties) => Property,
): Contrast[] {
  const [a, b] = sides.map((properties) => spread(properties, of)) as [Spread, Spread];
  if (describeTerminal(a) === describeTerminal(b)) return [];
  return [{ about, values: [describeTerminal(a), describeTerminal(b)], at: [placeIn(a, b), placeIn(b, a)] }];
}

function spread(properties: readonly Properties[], of: (property: Properties) => Property): Spread {
  const texts = new Map<string, { share: Rational; at: Position | undefined }>();
  for (const property of properties) {
    const { text, at } = of(property);
    const same = texts.get(text);
    texts.set(
      text,
      same === undefined
        ? { share: property.share, at }
        : { ...same, share: plus(same.share, property.share) },
    );
  }
  return texts;
}

function describeTerminal(texts: Spread): string {
  const [only, second] = texts.keys();
  if (only !== undefined && second === undefined) return only;
  return [...texts]
    .map(([text, { share: of }]) => `${share(of)}: ${text}`)
    .sort()
    .join(", ");
}

/** Returns the rule of a value that the other side does not have. */
function placeIn(own: Spread, other: Spread): Position | undefined {
  const [any] = own.values();
  return [...own].find(([text]) => !other.has(text))?.[1].at ?? any?.at;
}

/** Returns a difference that no single property shows. */
function unnamed(trees: readonly [Tree, Tree], known: (part: Part) => Known): Contrast {
  const [a, b] = trees.map((tree) => textOfTree(tree, known).replaceAll("\n", " ")) as [string, string];
  const [atA, atB] = trees.map((tree) => propertiesOf(tree, known)[0]?.by);
  return { about: "the outcome of a retry", values: [a, b], at: [atA, atB] };
}
