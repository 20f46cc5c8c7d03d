const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text for the content of an HTML, SVG or XML element, or for an attribute's value in quotes of either kind. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** An element of a page. `toHtml` writes it; the live page's browser part makes its document so. */
export interface Spec {
  tag: string;
  attributes: Readonly<Record<string, string>>;
  children: readonly Child[];
}

export type Child = Spec | string;

/** A child, several, or none. */
type Given = Child | false | undefined | readonly Given[];

/** An element. Attributes that are undefined or false are omitted; true gives an attribute without a value. */
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

// Elements without children that SVG closes in the tag itself.
const SHAPES: ReadonlySet<string> = new Set(["circle", "line", "path", "rect"]);

/** The markup of an element or a text, which is escaped. */
export function toHtml(child: Child): string {
  if (typeof child === "string") return escapeHtml(child);
  const { tag, attributes, children } = child;
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escapeHtml(value)}"`);
  const start = `<${tag}${written.join("")}`;
  return SHAPES.has(tag) && children.length === 0
    ? `${start}/>`
    : `${start}>${children.map(toHtml).join("")}</${tag}>`;
}
