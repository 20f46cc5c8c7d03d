import { createHash, type KeyObject } from "node:crypto";
import { appendFile, mkdir, open, readFile, realpath, truncate, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { AuditStore } from "./audit-log.ts";
import { hashOf } from "./audit-line.ts";
import { newKey, parseHeads, privateKeyOf, type SignedHead, signHead } from "./signed-head.ts";
import { messageOf } from "../../text/message-of.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Returns the file of the signing key: `$KYC_AUDIT_KEY`, else the user's own, which is made on first use. */
export function auditKeyPath(env: Env = process.env): string {
  const config = env["XDG_CONFIG_HOME"] || join(homedir(), ".config");
  return env["KYC_AUDIT_KEY"] || join(config, "kyc", "audit-key.pem");
}

/**
 * Returns the file of a log's signed heads. It is outside of the log's folder, so that tampering has to change both.
 */
export async function headsPath(log: string, env: Env = process.env): Promise<string> {
  const state = env["XDG_STATE_HOME"] || join(homedir(), ".local", "state");
  const name = createHash("sha256")
    .update(await logName(log))
    .digest("hex")
    .slice(0, 32);
  return join(state, "kyc", "audit-heads", `${name}.ndjson`);
}

/** Returns the path of a log without symbolic links, whether it exists or not. */
export async function logName(log: string): Promise<string> {
  const folder = await realpath(dirname(log)).catch(() => resolve(dirname(log)));
  return join(folder, basename(log));
}

/**
 * Returns the signing key, and makes one with mode 600 if there is none.
 * @throws Error if it cannot be read or made
 */
export async function auditKey(env: Env = process.env): Promise<KeyObject> {
  const path = auditKeyPath(env);
  const read = (): Promise<string> => readFile(path, "utf8");
  try {
    return privateKeyOf(await read());
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isMissing) throw error;
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // If two processes make one at the same time, the first wins.
  await writeFile(path, newKey(), { mode: 0o600, flag: "wx" }).catch(() => undefined);
  return privateKeyOf(await read());
}

/**
 * An audit log whose signed heads are stored elsewhere. A head is written before its line, so that each line has one;
 * a line that is missing after a crash is written when the log is opened again.
 */
export function signedStore(log: string, store: AuditStore, env: Env = process.env): AuditStore {
  let count = 0;
  let head = "";
  let problem: string | undefined;

  async function seal(line: string): Promise<void> {
    const path = await headsPath(log, env);
    const at = new Date().toISOString();
    const unsigned = { log: await logName(log), lines: count + 1, head: hashOf(line), at, line };
    const signed = signHead(unsigned, await auditKey(env));
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await appendFile(path, `${JSON.stringify(signed)}\n`, { mode: 0o600 });
    const file = await open(path, "r");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async function add(line: string): Promise<void> {
    await store.add(line);
    count++;
    head = hashOf(line);
  }

  return {
    async lines() {
      const lines = await store.lines();
      count = lines.length;
      head = lines.length === 0 ? "" : hashOf(lines.at(-1) ?? "");
      const pending = await lastHead(log, env);
      if (pending === undefined || pending.lines !== count + 1 || !follows(pending, head)) return lines;
      await add(pending.line);
      return [...lines, pending.line];
    },
    async add(line) {
      // A log without a signature is better than none; verify-log reports the unsigned lines.
      await seal(line).catch((error: unknown) => {
        problem = messageOf(error);
      });
      await add(line);
    },
    problem: () => problem,
  };
}

function follows({ line }: SignedHead, head: string): boolean {
  return line.startsWith(`{"prev":"${head === "" ? "0".repeat(64) : head}"`);
}

async function lastHead(log: string, env: Env): Promise<SignedHead | undefined> {
  try {
    const path = await headsPath(log, env);
    const text = await readFile(path, "utf8");
    const end = text.lastIndexOf("\n") + 1;
    // Truncates a line that a crash left incomplete, so that the next head starts on its own line.
    if (end < text.length) await truncate(path, Buffer.byteLength(text.slice(0, end)));
    return parseHeads(text).at(-1);
  } catch {
    return undefined;
  }
}
