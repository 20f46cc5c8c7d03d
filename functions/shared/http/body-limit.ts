import { BodyOverLimit, readBoundedText } from "./bounded-text.ts";

/** The largest request body that a service takes, in bytes. */
export const MAX_BODY_BYTES = 65_536;

/** @throws {BodyOverLimit} where the request says that its body is over the limit */
export function refuseLargeBody(request: Request): void {
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > MAX_BODY_BYTES) throw new BodyOverLimit();
}

/**
 * The same for a body that does not declare its length, by reading as far as the limit.
 * @throws {BodyOverLimit} where it goes beyond
 */
export async function refuseLongBody(request: Request): Promise<void> {
  refuseLargeBody(request);
  const { body, headers } = request;
  if (body === null || !headers.has("transfer-encoding")) return;
  await readBoundedText({ body, declared: null, maxBytes: MAX_BODY_BYTES });
}
