import { type Alias, type Document, isAlias, isCollection, isNode, isPair, type Node, visit } from "yaml";
import { messageOf } from "../text/message-of.ts";

/**
 * Characters that kubectl refuses in YAML text, and U+FFFD, which represents a byte that is not UTF-8. (go-yaml,
 * readerc.go, yaml_parser_update_buffer)
 */
const REFUSED_CHARACTER = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffc\u{10000}-\u{10ffff}]/u;

/** A fault that prevents a document from being read. */
export interface YamlFault {
  offset: number;
  message: string;
  fix?: string;
}

/** Faults that do not affect how the parser reads the rest of the document. */
const LOCAL_FAULTS: readonly string[] = ["DUPLICATE_KEY", "NON_STRING_KEY", "TAG_RESOLVE_FAILED"];

/** The first character of a text that YAML does not allow. */
export function refusedCharacter(text: string): YamlFault | undefined {
  const refused = REFUSED_CHARACTER.exec(text);
  if (refused === null) return undefined;
  const [character] = refused;
  const offset = refused.index;
  if (character === "\uFFFD")
    return { offset, message: "this is not UTF-8 text", fix: "save the file as UTF-8" };
  const name = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  return {
    offset,
    message: `the control character ${name} is not allowed`,
    fix: "remove it, or escape it in double quotes",
  };
}

/**
 * Returns the value of a parsed document, or the fault that prevents reading it.
 * @param mayAlias whether the text has an asterisk: without one, visiting each node would double the time
 *   unnecessarily
 */
export function readDocument(
  document: Document.Parsed,
  mayAlias: boolean,
): { value: unknown } | { faults: YamlFault[] } {
  const found = [...document.errors, ...document.warnings];
  // The faults after the first structural one are mostly its consequences.
  const structural = found.find(({ code }) => !LOCAL_FAULTS.includes(code));
  const faults: YamlFault[] = (structural === undefined ? found : [structural]).map(
    ({ code, pos, message }) => {
      return { offset: pos[0], message: code === "NON_STRING_KEY" ? "a key must be a string" : message };
    },
  );
  if (mayAlias)
    for (const { alias, isWithin } of unresolvedAliases(document)) {
      const anchor = `&${alias.source}`;
      const message = isWithin
        ? `the anchor ${anchor} contains itself`
        : `there is no anchor ${anchor} before`;
      faults.push({ offset: alias.range?.[0] ?? 0, message });
    }
  if (faults.length > 0) return { faults };
  try {
    return { value: document.toJS() };
  } catch (error) {
    // Errors of the conversion: a merge of something other than a map, or aliases that expand too far.
    const message = messageOf(error);
    const start = document.contents?.range?.[0] ?? 0;
    // Every alias has an anchor here, so this is the library's limit of expanded values.
    if (error instanceof ReferenceError)
      return {
        faults: [{ offset: lastAlias(document) ?? start, message: "its aliases expand to too many values" }],
      };
    return { faults: [{ offset: start, message }] };
  }
}

/**
 * The aliases without an anchor before them, and those within the value of their own anchor. The library's
 * `Alias.resolve` visits the whole document for each.
 */
function unresolvedAliases(document: Document.Parsed): { alias: Alias; isWithin: boolean }[] {
  const anchors = new Set<string>();
  /** The enclosing nodes whose anchors are the last with their name. */
  const open = new Map<string, Node>();
  const found: { alias: Alias; isWithin: boolean }[] = [];
  look(document.contents);
  return found;

  function look(node: unknown): void {
    if (isAlias(node)) {
      const isWithin = open.has(node.source);
      if (isWithin || !anchors.has(node.source)) found.push({ alias: node, isWithin });
    } else if (isPair(node)) {
      look(node.key);
      look(node.value);
    } else if (isNode(node)) {
      const { anchor } = node;
      if (anchor !== undefined) {
        anchors.add(anchor);
        open.set(anchor, node);
      }
      if (isCollection(node)) node.items.forEach(look);
      // An inner anchor of the same name has replaced this one.
      if (anchor !== undefined && open.get(anchor) === node) open.delete(anchor);
    }
  }
}

/** Returns the offset of the last alias, which expands the furthest if aliases contain others. */
function lastAlias(document: Document.Parsed): number | undefined {
  let last: number | undefined;
  visit(document, {
    Alias(_, { range }) {
      last = range?.[0];
    },
  });
  return last;
}
