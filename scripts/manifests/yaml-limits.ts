import {
  Composer,
  type CST,
  type Document,
  type DocumentOptions,
  Lexer,
  LineCounter,
  Parser,
  type ParseOptions,
  type SchemaOptions,
} from "yaml";

/** Real manifests are less than 30 levels deep. The YAML library is recursive, and slow on deep input (CWE-407). */
export const MAX_DEPTH = 100;

/** In characters. An object of Kubernetes has at most 1.5 MB; a list of objects may be longer. */
export const MAX_LENGTH = 16 * 1024 * 1024;

/** The position where a text exceeds a limit. */
export interface BeyondLimit {
  offset: number;
  message: string;
  fix: string;
}

/** Parses the YAML documents of a text as `parseAllDocuments` does, unless the text goes beyond a limit. */
export function parseWithinLimits(
  text: string,
  lines: LineCounter,
  options: ParseOptions & DocumentOptions & SchemaOptions,
): Document.Parsed[] | BeyondLimit {
  if (text.length > MAX_LENGTH) {
    lines.addNewLine(0);
    const message = `the file has ${text.length} characters, and at most ${MAX_LENGTH} are read`;
    return { offset: 0, message, fix: "split the file" };
  }
  const lexemes = [...new Lexer().lex(text)];
  const deep = tooDeepAt(lexemes);
  if (deep !== undefined) {
    const ends = text.slice(0, deep).matchAll(/\n/g);
    for (const start of [0, ...[...ends].map(({ index }) => index + 1)]) lines.addNewLine(start);
    const message = `the YAML is nested more than ${MAX_DEPTH} levels deep`;
    return { offset: deep, message, fix: "correct the brackets or the indentation" };
  }
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  for (const lexeme of lexemes) for (const token of parser.next(lexeme)) tokens.push(token);
  tokens.push(...parser.end());
  return [...new Composer({ ...options, lineCounter: lines }).compose(tokens)];
}

// Lexemes without characters: the starts of a document and of a scalar, and the end of a flow collection.
const MARKS = new Set(["\u0002", "\u001f", "\u0018"]);

/**
 * Returns the position of the first list or map deeper than the limit, judged by brackets and by the columns in which
 * lines begin.
 * @returns an offset
 */
function tooDeepAt(lexemes: readonly string[]): number | undefined {
  let [offset, lineStart, brackets] = [0, 0, 0];
  /** The columns of the open lists and maps that are written in lines. */
  let columns: number[] = [];
  let beginsItem = true;
  for (const lexeme of lexemes) {
    if (lexeme === "[" || lexeme === "{") brackets++;
    else if (lexeme === "]" || lexeme === "}") brackets = Math.max(brackets - 1, 0);
    else if (lexeme === "---") [brackets, columns] = [0, []];
    const isMark = lexeme.length === 1 && MARKS.has(lexeme);
    const isContent = !isMark && !"#&!".includes(lexeme.charAt(0)) && lexeme.trim() !== "";
    if (isContent && beginsItem && brackets === 0) {
      const column = offset - lineStart;
      columns = columns.filter((open) => open < column);
      columns.push(column);
    }
    if (brackets + columns.length > MAX_DEPTH) return offset;
    if (isContent) beginsItem = lexeme === "-" || lexeme === "?";
    if (!isMark) {
      const lastBreak = lexeme.lastIndexOf("\n");
      if (lastBreak >= 0) [lineStart, beginsItem] = [offset + lastBreak + 1, true];
      offset += lexeme.length;
    }
  }
  return undefined;
}
