import { type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

/** The contents of a certificate. Keys are on the curve P-256. */
export interface CertificateContents {
  /** The common names of the holder and of the signer. */
  subject: string;
  issuer: string;
  publicKey: KeyObject;
  /** The signer's key. */
  signingKey: KeyObject;
  /** Before 2050. */
  from: Date;
  until: Date;
  /** The DNS names and IPv4 addresses that it covers; empty for an authority, which signs other certificates. */
  names: readonly string[];
}

/**
 * Returns an X.509 certificate in PEM. A certificate for local use needs few fields, and Bun has no function that
 * writes any. (RFC 5280)
 */
export function certificatePem(contents: CertificateContents): string {
  const { subject, issuer, publicKey, signingKey, from, until, names } = contents;
  const algorithm = sequence(oid(1, 2, 840, 10045, 4, 3, 2)); // ecdsa-with-SHA256
  const toBeSigned = sequence(
    tagged(0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])), // the serial number; the first byte keeps it positive
    algorithm,
    name(issuer),
    sequence(time(from), time(until)),
    name(subject),
    publicKey.export({ type: "spki", format: "der" }),
    tagged(3, sequence(...(names.length === 0 ? authorityExtensions() : serverExtensions(names)))),
  );
  const signature = sign("sha256", toBeSigned, signingKey);
  const der = sequence(toBeSigned, algorithm, bits(signature));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function authorityExtensions(): Buffer[] {
  return [
    extension([2, 5, 29, 19], sequence(boolean(true)), true), // basicConstraints: it is an authority
    extension([2, 5, 29, 15], der(0x03, Buffer.from([1, 0x06])), true), // keyUsage: keyCertSign and cRLSign
  ];
}

function serverExtensions(names: readonly string[]): Buffer[] {
  const alternatives = names.map((name) =>
    isIP(name) === 4
      ? der(0x87, Buffer.from(name.split(".").map(Number)))
      : der(0x82, Buffer.from(name, "latin1")),
  );
  return [
    extension([2, 5, 29, 17], sequence(...alternatives)), // subjectAltName
    extension([2, 5, 29, 37], sequence(oid(1, 3, 6, 1, 5, 5, 7, 3, 1))), // extKeyUsage: serverAuth
  ];
}

function extension(id: [number, number, ...number[]], value: Buffer, isCritical = false): Buffer {
  return sequence(oid(...id), ...(isCritical ? [boolean(true)] : []), der(0x04, value));
}

function name(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid(2, 5, 4, 3), der(0x0c, Buffer.from(commonName)))));
}

function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.[0-9]+|[-:T]/g, "");
  return der(0x17, Buffer.from(digits.slice(2)));
}

function oid(first: number, second: number, ...rest: number[]): Buffer {
  return der(0x06, Buffer.from([40 * first + second, ...rest.flatMap(inBase128)]));
}

/** All bytes of a number except the last have their highest bit set. */
function inBase128(number: number): number[] {
  const bytes = [number & 0x7f];
  for (let rest = number >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);
const integer = (bytes: Buffer): Buffer => der(0x02, bytes);
const boolean = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0]));
const bits = (bytes: Buffer): Buffer => der(0x03, Buffer.from([0]), bytes);
const tagged = (number: number, content: Buffer): Buffer => der(0xa0 + number, content);

/** Encodes a value by the Distinguished Encoding Rules: tag, length and content. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 0x100 ? [length] : [length >>> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, 0x80 + bytes.length, ...bytes]), content]);
}
