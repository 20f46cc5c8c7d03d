import type { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { EXIT, Failure } from "../../exit.ts";
import { parseHeads, publicKeyOf, type SignedHead } from "../../rollout/audit/signed-head.ts";
import { auditKeyPath, headsPath } from "../../rollout/audit/signed-store.ts";
import { checkAgainstHeads, type Checked, verifyLog } from "../../rollout/audit/verify-log.ts";
import { print } from "../../text/print.ts";
import { messageOf } from "../../text/message-of.ts";

export interface VerifyFlags {
  /** A PEM file with the public key, or the private one, that signed the heads. */
  key?: string;
  /** The hash of the last line, or a file with signed heads, kept elsewhere. */
  head?: string;
}

const HASH = /^[0-9a-f]{64}$/;

/** Checks an audit log by its chain and by what was kept outside of it, and says what remains unknown. The exit code. */
export async function verifyLogFile(file: string, { key: keyFile, head }: VerifyFlags): Promise<number> {
  const isHash = head !== undefined && HASH.test(head);
  const place = head === undefined || isHash ? await headsPath(file) : head;
  const signed = await signedHeads(place, head !== undefined && !isHash);
  const key = await keyFrom(keyFile ?? auditKeyPath(), keyFile !== undefined);
  const bytes = await readFile(file).catch((error: unknown) => {
    const last = signed.at(-1);
    if (last === undefined) throw new Failure(`${file} cannot be read: ${messageOf(error)}`, EXIT.usage);
    return undefined;
  });
  const last = signed.at(-1);
  if (bytes === undefined) {
    print(`${file}: it is missing, and ${last?.lines} lines of it were signed, the last at ${last?.at}`);
    return EXIT.failed;
  }
  const checked = verifyLog(textOf(bytes));
  if (!checked.whole) {
    print(`${file}:${checked.line}: ${checked.what}`);
    return EXIT.failed;
  }
  const problem = problemOf(checked, isHash ? head : undefined, signed, key);
  if (problem !== undefined) {
    print(`${file}: ${problem}`);
    return EXIT.failed;
  }
  const { lines, rollouts } = checked;
  print(`${file}: ${lines} decisions of ${rollouts} rollout${rollouts === 1 ? "" : "s"}, none changed`);
  for (const line of limits(checked, isHash, signed, place, key)) print(line);
  return EXIT.ok;
}

function problemOf(
  checked: Extract<Checked, { whole: true }>,
  hash: string | undefined,
  signed: readonly SignedHead[],
  key: KeyObject | undefined,
): string | undefined {
  if (hash !== undefined && checked.head !== hash)
    return checked.heads.includes(hash)
      ? `the line with the hash ${hash} is line ${checked.heads.indexOf(hash) + 1} of ${checked.lines}: lines were added after it`
      : `no line has the hash ${hash}: the log was cut, replaced or chained again`;
  if (signed.length > 0 && key === undefined)
    return "there are signed heads of it, but no key to check them by: name its file by --key";
  return key && checkAgainstHeads(checked, signed, key);
}

/** What the check rests on, and what it cannot know. */
function limits(
  { head, lines }: Extract<Checked, { whole: true }>,
  isHash: boolean,
  signed: readonly SignedHead[],
  place: string,
  key: KeyObject | undefined,
): string[] {
  const first = signed[0];
  if (first !== undefined && key !== undefined) {
    const before = first.lines > 1 ? [`Lines 1 to ${first.lines - 1} were there before signing began.`] : [];
    return [
      `Each line from ${first.lines} on has a signed head in ${place}.`,
      ...before,
      `Not to be seen from here: a change by someone who holds the key and can write both files. A copy of the signed heads kept elsewhere, given by --head, shows that too. The last hash is ${head}.`,
    ];
  }
  if (isHash) return ["The last line is the one with the given hash, so no line is missing."];
  return [
    lines === 0 ? "The log is empty." : `The last line has the hash ${head}.`,
    "Not to be seen from here: lines cut off at the end, or a log chained again as a whole. No signed heads of it are on this machine; give them, or the last hash, by --head.",
  ];
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Bytes that are no UTF-8 become characters that no hash agrees with.
    return new TextDecoder("latin1").decode(bytes);
  }
}

async function signedHeads(path: string, isNamed: boolean): Promise<SignedHead[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (isNamed)
      throw new Failure(`--head ${path} is not a hash and cannot be read: ${messageOf(error)}`, EXIT.usage);
    return "";
  });
  try {
    return parseHeads(text);
  } catch (error) {
    throw new Failure(`${path}: ${messageOf(error)}`, isNamed ? EXIT.usage : EXIT.failed);
  }
}

/** The public key of a PEM file; undefined where there is none and it was not named. @throws Failure */
export async function keyFrom(path: string, isNamed: boolean): Promise<KeyObject | undefined> {
  try {
    return publicKeyOf(await readFile(path, "utf8"));
  } catch (error) {
    if (isNamed) throw new Failure(`--key ${path} cannot be used: ${messageOf(error)}`, EXIT.usage);
    return undefined;
  }
}
