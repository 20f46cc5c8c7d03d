/**
 * The lines of a file in UTF-8, without their ends, read as they are wanted: a file of any size fits.
 * @param path a file, or - for standard input
 * @throws the error of the system when it cannot be read
 */
export async function* linesOf(path: string): AsyncGenerator<string> {
  const stream = path === "-" ? Bun.stdin.stream() : Bun.file(path).stream();
  // A character may be cut in two by the border of a chunk: the decoder keeps its beginning.
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
