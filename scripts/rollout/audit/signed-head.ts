import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";

/**
 * A statement about an audit log, signed with Ed25519: with this many lines, the hash of the last one is `head`. The
 * chain makes that hash depend on each byte of all lines before.
 */
export const SignedHead = Type.Object({
  /** The path of the log. */
  log: Type.String(),
  lines: Type.Integer({ minimum: 1 }),
  head: Type.String({ pattern: "^[0-9a-f]{64}$" }),
  at: Type.String(),
  /** The line itself, which is signed before it is written: after a crash in between it is written again. */
  line: Type.String(),
  /** The signature of the other fields, as base64. */
  signature: Type.String(),
});
export type SignedHead = Static<typeof SignedHead>;

/** Signs a head with an Ed25519 key. */
export function signHead(head: Omit<SignedHead, "signature">, key: KeyObject): SignedHead {
  return { ...head, signature: sign(null, signedBytes(head), key).toString("base64") };
}

/** Whether a head was signed by the holder of this key, and not changed since. */
export function isSignedBy(head: SignedHead, key: KeyObject): boolean {
  return verify(null, signedBytes(head), key, Buffer.from(head.signature, "base64"));
}

function signedBytes({ log, lines, head, at, line }: Omit<SignedHead, "signature">): Buffer {
  return Buffer.from(JSON.stringify([log, lines, head, at, line]), "utf8");
}

/** A new private key, as PEM. */
export function newKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Returns the Ed25519 private key in a PEM text. @throws Error if it has no key, or another kind */
export function privateKeyOf(pem: string): KeyObject {
  return onlyEd25519(createPrivateKey(pem));
}

/**
 * Returns the public key of a PEM file, which may contain the private one.
 * @throws Error if it has no key, or another kind
 */
export function publicKeyOf(pem: string): KeyObject {
  return onlyEd25519(createPublicKey(pem));
}

function onlyEd25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType === "ed25519") return key;
  throw new Error(`it is a key for ${key.asymmetricKeyType} instead of Ed25519`);
}

/**
 * Parses the signed heads of a file, one per line. An incomplete last line is ignored.
 * @throws Error with the line
 */
export function parseHeads(text: string): SignedHead[] {
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1)
    .map((line, i) => {
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        value = undefined;
      }
      if (Check(SignedHead, value)) return value;
      throw new Error(`line ${i + 1} is not a signed head`);
    });
}
