import { MAX_BODY_BYTES } from "./body-limit.ts";
import { readBoundedText } from "./bounded-text.ts";
import { BODY_NOT_JSON, BODY_UNREADABLE } from "./problem.ts";
import { BadRequest } from "./request-errors.ts";

/**
 * Reads a request's body as JSON, whatever its framing, and no further than the limit.
 * @throws {BodyOverLimit} where it is longer
 * @throws {BadRequest} where it is not declared to be JSON, or is none
 */
export async function readJsonBody({ request }: { request: Request }): Promise<unknown> {
  const { body, headers } = request;
  const declared = headers.get("content-length");
  const text = body === null ? "" : await readBoundedText({ body, declared, maxBytes: MAX_BODY_BYTES });
  if (!/^application\/json\s*(;|$)/i.test(headers.get("content-type") ?? ""))
    throw new BadRequest(415, BODY_NOT_JSON);
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest(400, BODY_UNREADABLE);
  }
}
