import { styleText } from "node:util";

/** Marks up text for one stream; plain if the stream is not a terminal, or NO_COLOR is set. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  link(text: string): string;
}

/** The style that suits a stream. */
export function styleFor(stream: NodeJS.WriteStream): Style {
  const style =
    (format: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      styleText(format, text, { stream });
  return {
    bold: style("bold"),
    dim: style("dim"),
    good: style("green"),
    warn: style("yellow"),
    bad: style("red"),
    link: style("cyan"),
  };
}

/** No markup at all. */
export const PLAIN: Style = {
  bold: (text) => text,
  dim: (text) => text,
  good: (text) => text,
  warn: (text) => text,
  bad: (text) => text,
  link: (text) => text,
};
