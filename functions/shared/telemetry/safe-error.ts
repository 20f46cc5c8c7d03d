import type { LogFields } from "./log.ts";

const NAME = /^[A-Za-z][A-Za-z0-9_$]{0,63}$/;
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;
const FRAME = /^ {4}at .*?(\/[^():]+):(\d+):\d+\)?$/;

/**
 * The fields of an error that may be logged: its class, its code, those of its cause, and its positions in the code. Never
 * its message, which may contain a header, an address or an applicant's data.
 */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const cause = error.cause instanceof Error ? describeError(error.cause) : undefined;
  return { error: className(error), code: codeOf(error), at: places(error), cause };
}

function className(error: Error): string {
  const name: unknown = error.constructor.name;
  return typeof name === "string" && NAME.test(name) ? name : "Error";
}

function codeOf(error: Error): string | undefined {
  const code: unknown = "code" in error ? error.code : undefined;
  return typeof code === "string" && CODE.test(code) ? code : undefined;
}

/**
 * The innermost three positions of a stack, as file and line. A stack begins with the message, which may contain lines that
 * look like positions, so the head must be exactly the known one; otherwise the stack is not used.
 */
function places(error: Error): readonly string[] | undefined {
  const { stack } = error;
  const head = error.message === "" ? error.name : `${error.name}: ${error.message}`;
  if (typeof stack !== "string" || !stack.startsWith(`${head}\n`)) return undefined;
  const frames = stack.slice(head.length + 1).split("\n");
  const found = frames.flatMap((frame) => {
    const match = FRAME.exec(frame);
    return match?.[1] === undefined ? [] : [`${shortPath(match[1])}:${match[2]}`];
  });
  return found.length === 0 ? undefined : found.slice(0, 3);
}

/** The last four parts of a path identify the file, without revealing the machine. */
const shortPath = (path: string): string => path.split("/").slice(-4).join("/");
