import { Unreachable } from "./connection.ts";
import { linesOf } from "../../text/lines.ts";
import { errorText } from "../error-text.ts";

/**
 * Yields the lines of a response body in UTF-8 as they arrive, without line ends. Text after the last line end is a
 * line. A caller that stops early closes the connection.
 * @throws Unreachable if the connection is cut
 */
export async function* lines({ body }: Response): AsyncGenerator<string> {
  if (body === null) return;
  try {
    yield* linesOf(body);
  } catch (error) {
    throw new Unreachable(`The connection to the API server was cut: ${errorText(error)}`, { cause: error });
  }
}
