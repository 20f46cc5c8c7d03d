/** Text in Latin-1, content and text again, as one buffer. */
export function latin1(before: string, content?: Buffer, after = ""): Buffer {
  if (content === undefined) return Buffer.from(before + after, "latin1");
  if (before === "" && after === "") return content;
  const bytes = Buffer.allocUnsafe(before.length + content.length + after.length);
  bytes.write(before, 0, "latin1");
  bytes.set(content, before.length);
  if (after !== "") bytes.write(after, before.length + content.length, "latin1");
  return bytes;
}
