import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../traffic/random.ts";
import { Simulation } from "../testing/simulation.ts";
import { hashOf } from "./audit-line.ts";
import { AuditLog } from "./audit-log.ts";
import { fileStore } from "./file-store.ts";
import { newKey, parseHeads, privateKeyOf, publicKeyOf, type SignedHead, signHead } from "./signed-head.ts";
import { auditKeyPath, headsPath, signedStore } from "./signed-store.ts";
import { checkAgainstHeads, verifyLog } from "./verify-log.ts";

let folder = "";
let path = "";
let env: Record<string, string> = {};
let bytes: Buffer;
let heads: SignedHead[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kyc-signed-"));
  path = join(folder, "audit", "credit-check.ndjson");
  env = { XDG_CONFIG_HOME: join(folder, "config"), XDG_STATE_HOME: join(folder, "state") };
  const simulation = new Simulation({ percents: [100] });
  await simulation.run();
  const saved = await simulation.journal.load();
  if (saved === undefined) throw new Error("nothing was written down");
  const log = await AuditLog.open(signedStore(path, fileStore(path), env));
  await log.catchUp(saved.plan, saved.entries);
  bytes = await readFile(path);
  heads = parseHeads(await readFile(await headsPath(path, env), "utf8"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Returns the finding for a log with these bytes; undefined without one. */
async function found(log: Buffer): Promise<string | undefined> {
  const key = publicKeyOf(await readFile(auditKeyPath(env), "utf8"));
  const checked = verifyLog(log.toString("utf8"));
  return checked.whole ? checkAgainstHeads(checked, heads, key) : checked.what;
}

describe("a signed audit log", () => {
  test("has a head for each line, signed with a key that only the user can read", async () => {
    expect(await found(bytes)).toBeUndefined();
    expect(heads.map(({ lines }) => lines)).toEqual(heads.map((_, i) => i + 1));
    expect((await stat(auditKeyPath(env))).mode & 0o777).toBe(0o600);
  });

  test("detects each of 10,000 changes of one byte: altered, removed or inserted", async () => {
    const random = seededRandom(7);
    let missed = 0;
    for (let i = 0; i < 10_000; i++) {
      const at = Math.floor(random() * bytes.length);
      const kind = Math.floor(random() * 3);
      const byte = Math.floor(random() * 256);
      const other = byte === bytes[at] ? byte ^ 1 : byte;
      const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + (kind === 2 ? 0 : 1))];
      const changed = Buffer.concat([before, kind === 1 ? Buffer.alloc(0) : Buffer.from([other]), after]);
      if ((await foundFast(changed)) === undefined && !changed.equals(bytes)) missed++;
    }
    expect(missed).toBe(0);
  });

  test("detects a truncated log, an emptied log, and a rewritten chain", async () => {
    const lines = bytes.toString("utf8").split("\n").slice(0, -1);
    const text = (some: string[]): Buffer => Buffer.from(some.map((line) => `${line}\n`).join(""));
    expect(await found(text(lines.slice(0, -1)))).toContain("the end was cut off");
    expect(await found(Buffer.from(""))).toContain("it has 0 lines");
    let prev = "0".repeat(64);
    const chainedAnew = lines.map((line) => {
      const fresh = JSON.stringify({ ...JSON.parse(line), prev, because: "all was well" });
      prev = hashOf(fresh);
      return fresh;
    });
    expect(await found(text(chainedAnew))).toContain("was replaced or chained again");
    const more = JSON.stringify({ ...JSON.parse(lines.at(-1) ?? ""), prev: hashOf(lines.at(-1) ?? "") });
    expect(await found(text([...lines, more]))).toContain("was never signed");
  });

  test("rejects heads that another key signed", async () => {
    const forged = heads.map(({ signature: _, ...head }) => signHead(head, privateKeyOf(newKey())));
    const checked = verifyLog(bytes.toString("utf8"));
    if (!checked.whole) throw new Error("the log is whole");
    const key = publicKeyOf(await readFile(auditKeyPath(env), "utf8"));
    expect(checkAgainstHeads(checked, forged, key)).toContain("does not carry the signature of this key");
  });

  test("completes a line whose head was signed before a crash", async () => {
    const lines = bytes.toString("utf8").split("\n").slice(0, -1);
    const short = lines
      .slice(0, -1)
      .map((line) => `${line}\n`)
      .join("");
    await writeFile(path, short);
    await signedStore(path, fileStore(path), env).lines();
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });
});

let key: ReturnType<typeof publicKeyOf> | undefined;
/** As `found`, with only the last head, which depends on each byte through the chain. */
async function foundFast(log: Buffer): Promise<string | undefined> {
  key ??= publicKeyOf(await readFile(auditKeyPath(env), "utf8"));
  const checked = verifyLog(log.toString("utf8"));
  return checked.whole ? checkAgainstHeads(checked, heads.slice(-1), key) : checked.what;
}
