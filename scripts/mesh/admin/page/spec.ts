/** An element of the page as it shall be; the browser's part makes the document so. */
export interface Spec {
  tag: string;
  attributes: Readonly<Record<string, string>>;
  children: readonly Child[];
}

export type Child = Spec | string;

/** What can be given as a child: nothing, one or several. */
type Given = Child | false | undefined | readonly Given[];

/** An element. An attribute that is undefined or false is left out, one that is true has no value. */
export function h(
  tag: string,
  attributes: Readonly<Record<string, string | number | boolean | undefined>> = {},
  ...children: readonly Given[]
): Spec {
  const entries = Object.entries(attributes).flatMap(([name, value]): [string, string][] => {
    if (value === undefined || value === false) return [];
    return [[name, value === true ? "" : String(value)]];
  });
  return { tag, attributes: Object.fromEntries(entries), children: flat(children) };
}

/** All text of an element and of its children. */
export function textOf(child: Child): string {
  return typeof child === "string" ? child : child.children.map(textOf).join("");
}

function flat(given: readonly Given[]): Child[] {
  return given.flatMap((child): Child[] => {
    if (child === undefined || child === false || child === "") return [];
    return typeof child === "string" || "tag" in child ? [child] : flat(child);
  });
}
