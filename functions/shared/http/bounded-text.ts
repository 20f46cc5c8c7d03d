/** Thrown for a body that is longer than was allowed. */
export class BodyOverLimit extends Error {
  override name = "BodyOverLimit";
}

/** Whether a body says that it is no longer than this; HTTP itself holds it to what it says. */
export const saysItFits = (declared: string | null, maxBytes: number): boolean =>
  declared !== null && Number(declared) <= maxBytes;

/** A body and what its sender says of its length. */
export interface BoundedBody {
  readonly body: ReadableStream<Uint8Array>;
  /** The content-length header, null where there is none. */
  readonly declared: string | null;
  readonly maxBytes: number;
}

/**
 * Reads a body as UTF-8 text.
 * @throws {BodyOverLimit} as soon as it is, or says it is, longer than `maxBytes`
 */
export async function readBoundedText({ body, declared, maxBytes }: BoundedBody): Promise<string> {
  if (saysItFits(declared, maxBytes)) return Bun.readableStreamToText(body);
  const decoder = new TextDecoder();
  let text = "";
  let length = declared === null ? 0 : Number(declared);
  const reader = body.getReader();
  for (;;) {
    if (length > maxBytes) {
      await reader.cancel();
      throw new BodyOverLimit();
    }
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.byteLength;
    text += decoder.decode(value, { stream: true });
  }
}
