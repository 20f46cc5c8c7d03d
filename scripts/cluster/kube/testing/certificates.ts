import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { isIPv4 } from "node:net";

/** A certificate and its private key, both as PEM. */
export interface Identity {
  cert: string;
  key: string;
}

/** A certificate authority for one test. Nothing is stored: each test run has new keys. */
export class Authority {
  readonly cert: string;
  readonly #name: string;
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });

  constructor(name: string) {
    this.#name = name;
    this.cert = certificate(
      { subject: name, key: this.#keys.publicKey, extensions: [IS_AUTHORITY] },
      this.#signer,
    );
  }

  /** A certificate for a server at these IPv4 addresses and host names. */
  server(...hosts: string[]): Identity {
    return this.#issue("server", [alternativeNames(hosts)]);
  }

  /** A certificate for a client of this name. */
  client(name: string): Identity {
    return this.#issue(name, []);
  }

  /** A server's certificate that was valid until a minute ago. */
  expiredServer(...hosts: string[]): Identity {
    return this.#issue("server", [alternativeNames(hosts)], -60_000);
  }

  /** A client's certificate that was valid until a minute ago. */
  expiredClient(name: string): Identity {
    return this.#issue(name, [], -60_000);
  }

  get #signer(): Signer {
    return { issuer: this.#name, key: this.#keys.privateKey };
  }

  #issue(subject: string, extensions: Buffer[], untilMs?: number): Identity {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return {
      cert: certificate({ subject, key: publicKey, extensions, untilMs }, this.#signer),
      key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    };
  }
}

interface Signer {
  issuer: string;
  key: KeyObject;
}

interface Subject {
  subject: string;
  key: KeyObject;
  extensions: Buffer[];
  /** The end of its validity, in milliseconds from now. @default a day */
  untilMs?: number | undefined;
}

/** X.509 version 3 (RFC 5280), signed with ECDSA and SHA-256. */
function certificate(
  { subject, key, extensions, untilMs = 86_400_000 }: Subject,
  { issuer, key: signingKey }: Signer,
): string {
  const spki = key.export({ type: "spki", format: "der" });
  const serial = createHash("sha256").update(spki).digest().subarray(0, 15);
  const content = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), serial])),
    ECDSA_WITH_SHA256,
    commonName(issuer),
    sequence(time(-3_600_000), time(untilMs)),
    commonName(subject),
    spki,
    ...(extensions.length === 0 ? [] : [der(0xa3, sequence(...extensions))]),
  );
  const signature = sign("sha256", content, signingKey);
  const all = sequence(content, ECDSA_WITH_SHA256, der(0x03, Buffer.from([0]), signature));
  const lines = all.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function alternativeNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    isIPv4(host) ? der(0x87, Buffer.from(host.split(".").map(Number))) : der(0x82, Buffer.from(host)),
  );
  return sequence(oid([2, 5, 29, 17]), der(0x04, sequence(...names)));
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid([2, 5, 4, 3]), der(0x0c, Buffer.from(name)))));
}

function time(fromNowMs: number): Buffer {
  const digits = new Date(Date.now() + fromNowMs).toISOString().replace(/[-:T]|\.\d+/g, "");
  return der(0x17, Buffer.from(digits.slice(2)));
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function oid([first = 0, second = 0, ...rest]: number[]): Buffer {
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

/** One element of ASN.1 in its distinguished encoding: tag, length, content. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const ECDSA_WITH_SHA256 = sequence(oid([1, 2, 840, 10045, 4, 3, 2]));
const IS_AUTHORITY = sequence(
  oid([2, 5, 29, 19]),
  der(0x01, Buffer.from([0xff])),
  der(0x04, sequence(der(0x01, Buffer.from([0xff])))),
);
