import { Unreachable } from "./connection.ts";
import { errorText } from "../error-text.ts";

/**
 * The lines of an answer in UTF-8, as they come, without their ends. What follows the last line's end is a line, when
 * there is any. Whoever stops early closes the connection.
 * @throws Unreachable when the connection is cut
 */
export async function* lines({ body }: Response): AsyncGenerator<string> {
  if (body === null) return;
  // A character may be cut in two by the border of a chunk: the decoder keeps its beginning.
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const bytes of body) {
      const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      yield* parts;
    }
  } catch (error) {
    throw new Unreachable(`The connection to the API server was cut: ${errorText(error)}`, { cause: error });
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
