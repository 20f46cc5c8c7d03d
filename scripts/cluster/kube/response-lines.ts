import { Unreachable } from "./connection.ts";
import { linesOf } from "../../text/lines.ts";
import { errorText } from "../error-text.ts";

/**
 * The lines of an answer in UTF-8, as they come, without their ends. What follows the last line's end is a line, when
 * there is any. Whoever stops early closes the connection.
 * @throws Unreachable when the connection is cut
 */
export async function* lines({ body }: Response): AsyncGenerator<string> {
  if (body === null) return;
  try {
    yield* linesOf(body);
  } catch (error) {
    throw new Unreachable(`The connection to the API server was cut: ${errorText(error)}`, { cause: error });
  }
}
