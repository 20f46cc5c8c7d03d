import { readLimitedBody, refuseLargeBody } from "./body-limit.ts";
import { BODY_NOT_JSON, BODY_UNREADABLE } from "./problem.ts";
import { BadRequest } from "./request-errors.ts";
import { parseStrictJson } from "./strict-json.ts";

/**
 * Reads a request's body as JSON, up to the limit.
 * @throws {BodyOverLimit} if it exceeds the limit
 * @throws {CallerGone} if it is incomplete
 * @throws {BadRequest} if it is not declared to be JSON, or is not strict JSON
 */
export async function readJsonBody({ request }: { request: Request }): Promise<unknown> {
  refuseLargeBody(request);
  const text = await readLimitedBody(request);
  if (!/^application\/json\s*(;|$)/i.test(request.headers.get("content-type") ?? ""))
    throw new BadRequest(415, BODY_NOT_JSON);
  const parsed = parseStrictJson(text);
  if ("refused" in parsed) throw new BadRequest(400, BODY_UNREADABLE);
  return parsed.value;
}
