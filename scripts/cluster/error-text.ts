/** An error in a few words. Bun's advice to the programmer is left out: it is of no use to whoever runs a command. */
export function errorText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ For more information, pass `verbose: true`.*$/, "").trim();
}

/** The system's or the library's word for an error, such as `ENOENT`; empty when it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
