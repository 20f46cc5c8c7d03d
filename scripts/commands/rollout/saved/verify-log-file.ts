import type { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { EXIT, Failure } from "../../../exit.ts";
import { parseHeads, publicKeyOf, type SignedHead } from "../../../rollout/audit/signed-head.ts";
import { auditKeyPath, headsPath } from "../../../rollout/audit/signed-store.ts";
import { checkAgainstHeads, type Checked, verifyLog } from "../../../rollout/audit/verify-log.ts";
import { print } from "../../../text/print.ts";
import { messageOf } from "../../../text/message-of.ts";

export interface VerifyFlags {
  /** A PEM file with the public key, or the private one, that signed the heads. */
  key?: string;
  /** The hash of the last line, or a file of signed heads, stored elsewhere. */
  head?: string;
}

const HASH = /^[0-9a-f]{64}$/;

/** Checks an audit log by its hash chain and by data stored elsewhere, and reports what remains unknown. Returns the exit code. */
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
    print(`${file} is missing, although ${last?.lines} of its lines were signed, the last at ${last?.at}`);
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
      : `no line has the hash ${hash}: the log was truncated, replaced or rewritten with new hashes`;
  if (signed.length > 0 && key === undefined)
    return "the log has signed heads, but there is no key to check them: name its file with --key";
  return key && checkAgainstHeads(checked, signed, key);
}

/** What the check proves, and what it cannot detect. */
function limits(
  { head, lines }: Extract<Checked, { whole: true }>,
  isHash: boolean,
  signed: readonly SignedHead[],
  place: string,
  key: KeyObject | undefined,
): string[] {
  const first = signed[0];
  if (first !== undefined && key !== undefined) {
    const before =
      first.lines > 1 ? [`Lines 1 to ${first.lines - 1} were written before signing started.`] : [];
    return [
      `Each line from ${first.lines} on has a signed head in ${place}.`,
      ...before,
      `Not detected: a change with the private key and write access to both files. To detect that too, give a copy of the signed heads that is stored elsewhere with --head. The last hash is ${head}.`,
    ];
  }
  if (isHash) return ["The last line is the one with the given hash, so no line is missing."];
  return [
    lines === 0 ? "The log is empty." : `The last line has the hash ${head}.`,
    "Not detected: lines removed at the end, or a log rewritten with new hashes. This machine has no signed heads of the log; give them, or the last hash, with --head.",
  ];
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Invalid UTF-8 becomes characters that change the hash.
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

/** The public key in a PEM file; undefined if there is none and the user named none. @throws Failure */
export async function keyFrom(path: string, isNamed: boolean): Promise<KeyObject | undefined> {
  try {
    return publicKeyOf(await readFile(path, "utf8"));
  } catch (error) {
    if (isNamed) throw new Failure(`--key ${path} cannot be used: ${messageOf(error)}`, EXIT.usage);
    return undefined;
  }
}
