import { createInterface } from "node:readline/promises";
import { printable } from "../text/printable.ts";

export interface AskOptions {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream;
  signal?: AbortSignal;
}

/**
 * Asks a yes-or-no question; any answer except yes means no. Undefined without a terminal.
 */
export async function ask(
  question: string,
  { input, output, signal }: AskOptions,
): Promise<boolean | undefined> {
  if (input.isTTY !== true) return undefined;
  const lines = createInterface({ input, output });
  try {
    const answer = await lines.question(
      `${printable(question)} [y/N] `,
      signal === undefined ? {} : { signal },
    );
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    lines.close();
  }
}
