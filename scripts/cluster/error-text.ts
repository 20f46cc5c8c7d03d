import { messageOf } from "../text/message-of.ts";

/** The message of an error, without Bun's advice to programmers. */
export function errorText(error: unknown): string {
  const message = messageOf(error);
  return message.replace(/ For more information, pass `verbose: true`.*$/, "").trim();
}

/** Returns the code of an error, such as `ENOENT`; empty if it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
