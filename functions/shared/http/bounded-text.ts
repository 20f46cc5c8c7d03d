/** Thrown if a body is longer than allowed. */
export class BodyOverLimit extends Error {
  override name = "BodyOverLimit";
}

/**
 * The declared length of a body in bytes, or undefined if there is none. Transfer-Encoding overrides Content-Length
 * (RFC 9112, section 6.3).
 */
export function declaredLength(headers: Headers): number | undefined {
  const declared = headers.get("content-length");
  if (declared === null || headers.has("transfer-encoding")) return undefined;
  const length = Number(declared);
  return Number.isNaN(length) ? undefined : length;
}

/**
 * Reads a body as UTF-8 text, and stops when it exceeds the limit.
 * @throws {BodyOverLimit} if the body is longer than `maxBytes`
 */
export async function readBoundedText(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.byteLength;
    if (length > maxBytes) {
      await reader.cancel();
      throw new BodyOverLimit();
    }
    text += decoder.decode(value, { stream: true });
  }
}
