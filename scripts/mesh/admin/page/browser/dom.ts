import type { Child, Spec } from "../../../../text/html.ts";

const SVG = "http://www.w3.org/2000/svg";

/** The attributes set from a spec. Others, such as `open` on a details element that the user opened, are kept. */
const written = new WeakMap<Element, Spec["attributes"]>();

/**
 * Updates the children of an element to the wanted ones. Elements that stay keep their focus and input: those with a
 * `data-key` are matched by it, all others by position.
 */
export function patch(parent: Element, wanted: readonly Child[]): void {
  const keyed = keepKeyed(parent, wanted);
  for (const [i, child] of wanted.entries()) {
    let there = parent.childNodes[i];
    if (typeof child === "string") {
      patchText(parent, there, child);
      continue;
    }
    const key = child.attributes[KEY];
    if (key !== undefined) {
      const own = keyed.get(key) ?? create(parent, child.tag);
      if (own !== there) parent.insertBefore(own, there ?? null);
      there = own;
    } else if (there instanceof Element && written.get(there)?.[KEY] !== undefined) {
      const own = create(parent, child.tag);
      parent.insertBefore(own, there);
      there = own;
    }
    patchElement(parent, there, child);
  }
  while (parent.childNodes.length > wanted.length) parent.lastChild?.remove();
}

const KEY = "data-key";

/** Removes the children with unwanted keys, so that no other has to move. Returns the remaining children by key. */
function keepKeyed(parent: Element, wanted: readonly Child[]): Map<string, Element> {
  const kept = new Map<string, Element>();
  const keys = new Set(
    wanted.map((child) => (typeof child === "string" ? undefined : child.attributes[KEY])),
  );
  for (const child of [...parent.children]) {
    const key = written.get(child)?.[KEY];
    if (key === undefined) continue;
    if (keys.has(key)) kept.set(key, child);
    else child.remove();
  }
  return kept;
}

function patchText(parent: Element, there: ChildNode | undefined, text: string): void {
  if (!(there instanceof Text)) put(parent, there, document.createTextNode(text));
  else if (there.data !== text) there.data = text;
}

function patchElement(parent: Element, there: ChildNode | undefined, spec: Spec): void {
  const isSame = there instanceof Element && there.localName === spec.tag;
  const element = isSame ? there : create(parent, spec.tag);
  patchAttributes(element, spec.attributes);
  patch(element, spec.children);
  if (!isSame) put(parent, there, element);
}

function patchAttributes(element: Element, wanted: Spec["attributes"]): void {
  const before = written.get(element) ?? {};
  for (const name of Object.keys(before)) if (!(name in wanted)) element.removeAttribute(name);
  for (const [name, value] of Object.entries(wanted)) {
    if (before[name] !== value) element.setAttribute(name, value);
  }
  written.set(element, wanted);
}

function create(parent: Element, tag: string): Element {
  const isDrawing = tag === "svg" || parent.namespaceURI === SVG;
  return isDrawing ? document.createElementNS(SVG, tag) : document.createElement(tag);
}

function put(parent: Element, there: ChildNode | undefined, node: Node): void {
  if (there === undefined) parent.append(node);
  else there.replaceWith(node);
}
