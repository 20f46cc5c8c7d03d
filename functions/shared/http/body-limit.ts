import { BodyOverLimit, declaredLength, readBoundedText } from "./bounded-text.ts";
import { CallerGone } from "./request-errors.ts";

/** The largest request body that a service takes, in bytes. */
export const MAX_BODY_BYTES = 65_536;

/** @throws {BodyOverLimit} where the request declares a body over the limit */
export function refuseLargeBody(request: Request): void {
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > MAX_BODY_BYTES) throw new BodyOverLimit();
}

/**
 * The same for a body of undeclared length, which is read up to the limit.
 * @throws {BodyOverLimit} where it goes beyond
 * @throws {CallerGone} where it breaks off, or its chunks are malformed, which Bun answers with 400 by itself
 */
export async function refuseLongBody(request: Request): Promise<void> {
  refuseLargeBody(request);
  const { body, headers } = request;
  if (body === null || declaredLength(headers) !== undefined) return;
  try {
    await readBoundedText(body, MAX_BODY_BYTES);
  } catch (error) {
    throw error instanceof BodyOverLimit ? error : new CallerGone();
  }
}
