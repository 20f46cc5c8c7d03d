import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { certificatePem } from "./x509.ts";

/** A certificate with its chain, and its key, in PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

/** The path of the authority's certificate below a folder. */
export const AUTHORITY_PATH = [".kyc", "tls", "authority.crt"] as const;

const SUBJECT = "kyc dev, local authority";
const DAY_MS = 24 * 3_600_000;
const AUTHORITY_DAYS = 3_650;
// Browsers refuse certificates for servers that are valid for more than 398 days.
const SERVER_DAYS = 397;

/**
 * Signs certificates for the local mesh. Its own certificate and key persist in the folder's `.kyc`, so that a
 * program that trusts it keeps working.
 */
export class LocalAuthority {
  readonly #certificate: string;
  readonly #key: KeyObject;
  readonly #issued = new Map<string, Certificate>();

  private constructor(certificate: string, key: KeyObject) {
    this.#certificate = certificate;
    this.#key = key;
  }

  /** The file of its certificate. */
  static path(root: string): string {
    return join(root, ...AUTHORITY_PATH);
  }

  /**
   * Opens the authority of a folder, and makes a new one if there is no valid one. Only this user can read its key.
   */
  static async open(root: string, now = new Date()): Promise<LocalAuthority> {
    const path = LocalAuthority.path(root);
    const keyPath = path.replace(/crt$/, "key");
    const [cert, keyText] = await Promise.all(
      [path, keyPath].map((file) => readFile(file, "utf8").catch(() => "")),
    );
    const key = keyOf(cert ?? "", keyText ?? "", now);
    if (key !== undefined) return new LocalAuthority(cert ?? "", key);
    const { publicKey, privateKey } = newKeys();
    const certificate = certificatePem({
      subject: SUBJECT,
      issuer: SUBJECT,
      publicKey,
      signingKey: privateKey,
      ...validFor(AUTHORITY_DAYS, now),
      names: [],
    });
    await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
    await writeFile(keyPath, pemOf(privateKey), { mode: 0o600 });
    // An existing file keeps its mode.
    await chmod(keyPath, 0o600);
    await writeFile(path, certificate);
    return new LocalAuthority(certificate, privateKey);
  }

  /** Issues a certificate for these names, the same for the same names. */
  issue(names: readonly string[], now = new Date()): Certificate {
    const place = [...names].sort().join(" ");
    const known = this.#issued.get(place);
    if (known !== undefined) return known;
    const { publicKey, privateKey } = newKeys();
    const cert = certificatePem({
      subject: "kyc dev",
      issuer: SUBJECT,
      publicKey,
      signingKey: this.#key,
      ...validFor(SERVER_DAYS, now),
      names,
    });
    const issued = { cert: cert + this.#certificate, key: pemOf(privateKey) };
    this.#issued.set(place, issued);
    return issued;
  }
}

/** Returns the key of a certificate that is valid now; undefined if they do not match. */
function keyOf(cert: string, keyText: string, now: Date): KeyObject | undefined {
  try {
    const [certificate, key] = [new X509Certificate(cert), createPrivateKey(keyText)];
    const isValid = certificate.checkPrivateKey(key) && new Date(certificate.validTo) > now;
    return isValid ? key : undefined;
  } catch {
    return undefined;
  }
}

function newKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** Begins a day earlier, for clocks that differ. */
function validFor(days: number, now: Date): { from: Date; until: Date } {
  const from = now.getTime() - DAY_MS;
  return { from: new Date(from), until: new Date(from + days * DAY_MS) };
}

function pemOf(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}
