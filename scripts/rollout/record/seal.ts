import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";

/**
 * The last line of a record: the SHA-256 of each line before it, signed with Ed25519. The hashes identify a changed
 * line, and the signature covers the hashes.
 */
const Seal = Type.Object({
  part: Type.Literal("seal"),
  at: Type.String(),
  /** The hash of each previous line without its line end, in hexadecimal. */
  hashes: Type.Array(Type.String({ pattern: "^[0-9a-f]{64}$" })),
  /** The SHA-256 of the public key (SPKI, DER), in hexadecimal. */
  key: Type.String({ pattern: "^[0-9a-f]{64}$" }),
  /** The signature of the other fields, as base64. */
  signature: Type.String(),
});
type Seal = Static<typeof Seal>;

/** Returns the text of a record: its parts, one per line, and the seal. @param key an Ed25519 private key */
export function sealed(parts: readonly string[], key: KeyObject, at: string): string {
  const unsigned = { part: "seal", at, hashes: parts.map(sha256), key: fingerprintOf(key) } as const;
  const signature = sign(null, signedBytes(unsigned), key).toString("base64");
  return [...parts, JSON.stringify({ ...unsigned, signature }), ""].join("\n");
}

/** Returns the SHA-256 of the public half of a key, in hexadecimal. */
export function fingerprintOf(key: KeyObject): string {
  const spki = createPublicKey(key.type === "private" ? key : key.export({ type: "spki", format: "pem" }));
  return createHash("sha256")
    .update(spki.export({ type: "spki", format: "der" }))
    .digest("hex");
}

/** The findings about a record's bytes, one sentence per line; or its lines if there are none. */
export type Opened = { lines: string[]; at: string; key: string } | { changed: string[] };

/**
 * Checks the seal of a record.
 * @param bytes of the file
 * @param key the public key that should have signed the record
 */
export function opened(bytes: Uint8Array, key: KeyObject): Opened {
  const text = Buffer.from(bytes).toString("latin1");
  // Each byte is decoded as one character, so that every change of a byte is detected.
  if (!text.endsWith("\n"))
    return { changed: ["the file does not end with a line end: it was truncated or extended"] };
  const lines = text.slice(0, -1).split("\n");
  const last = lines.pop() ?? "";
  const seal = sealIn(last);
  if (seal === undefined)
    return {
      changed: [`line ${lines.length + 1} (seal): it is not a seal: it was changed, or the end was cut off`],
    };
  const differing = differences(lines, seal);
  if (fingerprintOf(key) !== seal.key)
    differing.unshift(
      `line ${lines.length + 1} (seal): it names the key ${seal.key.slice(0, 16)}…, and the key given is ${fingerprintOf(key).slice(0, 16)}…`,
    );
  else if (!isSigned(seal, key))
    differing.unshift(`line ${lines.length + 1} (seal): it does not carry the signature of this key`);
  if (differing.length > 0) return { changed: differing };
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return {
    lines: lines.map((line) => decoder.decode(Buffer.from(line, "latin1"))),
    at: seal.at,
    key: seal.key,
  };
}

function differences(lines: readonly string[], { hashes }: Seal): string[] {
  const found = lines.flatMap((line, i) =>
    hashes[i] === undefined || sha256(Buffer.from(line, "latin1")) === hashes[i]
      ? []
      : [`line ${i + 1} (${partNameOf(line)}): it was changed after it was sealed`],
  );
  if (lines.length !== hashes.length)
    found.push(`${hashes.length} lines were sealed, and there are ${lines.length}`);
  return found;
}

/** Parses the seal in a line that is written exactly as by `sealed`. */
function sealIn(line: string): Seal | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!Check(Seal, value)) return undefined;
    const { part, at, hashes, key, signature } = value;
    return JSON.stringify({ part, at, hashes, key, signature }) === line ? value : undefined;
  } catch {
    return undefined;
  }
}

function isSigned({ signature, ...unsigned }: Seal, key: KeyObject): boolean {
  const bytes = Buffer.from(signature, "base64");
  // Several texts of base64 encode the same bytes.
  return bytes.toString("base64") === signature && verify(null, signedBytes(unsigned), key, bytes);
}

function signedBytes({ at, hashes, key }: Omit<Seal, "signature">): Buffer {
  return Buffer.from(JSON.stringify(["kyc record", at, hashes, key]), "utf8");
}

function partNameOf(line: string): string {
  return /^\{"part":"([a-z]+)"/.exec(line)?.[1] ?? "unknown part";
}

function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
