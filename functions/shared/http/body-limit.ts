import { BodyOverLimit, declaredLength, readBoundedText } from "./bounded-text.ts";
import { CallerGone } from "./request-errors.ts";

/** The maximum size of a request body, in bytes. */
export const MAX_BODY_BYTES = 65_536;

/** @throws {BodyOverLimit} if the request declares a body over the limit */
export function refuseLargeBody(request: Request): void {
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > MAX_BODY_BYTES) throw new BodyOverLimit();
}

/**
 * The same for a body of undeclared length, which is read up to the limit.
 * @throws {BodyOverLimit} if it exceeds the limit
 * @throws {CallerGone} if the body is incomplete, or its chunks are malformed, which Bun answers with 400
 */
export async function refuseLongBody(request: Request): Promise<void> {
  refuseLargeBody(request);
  if (declaredLength(request.headers) === undefined) await readLimitedBody(request);
}

/**
 * Reads a body, up to the limit.
 * @returns its text; empty if there is no body
 * @throws {BodyOverLimit} if it exceeds the limit
 * @throws {CallerGone} if it is incomplete
 */
export async function readLimitedBody({ body }: Request): Promise<string> {
  try {
    return body === null ? "" : await readBoundedText(body, MAX_BODY_BYTES);
  } catch (error) {
    throw error instanceof BodyOverLimit ? error : new CallerGone();
  }
}
