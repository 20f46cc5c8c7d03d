import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../user-error.ts";
import type { ReleaseFile } from "./versions.ts";
import { messageOf } from "../../text/message-of.ts";

export interface ReleaseFileOptions {
  /** The folder of verified files. */
  cacheDir: string;
  /** A folder with the files, in place of the network: `KYC_PLATFORM_DIR`. */
  folder: string | undefined;
  signal?: AbortSignal | undefined;
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

const DOWNLOAD_MS = 60_000;

/**
 * Reads a released file from the folder that the user named, from the cache, or from the network, in this order. Its
 * checksum is verified each time.
 * @throws UserError if it cannot be fetched, or its checksum differs from the pinned one
 */
export async function releaseFile(file: ReleaseFile, options: ReleaseFileOptions): Promise<string> {
  const { cacheDir, folder } = options;
  if (folder !== undefined) return fromFolder(file, folder);
  const cached = join(cacheDir, `${file.sha256.slice(0, 16)}-${file.name}`);
  const kept = await readFile(cached).catch(() => undefined);
  // A file that was cut off or changed is fetched again.
  if (kept !== undefined && sha256(kept) === file.sha256) return kept.toString("utf8");
  const fetched = await download(file, options);
  await mkdir(cacheDir, { recursive: true });
  const partial = `${cached}.${process.pid}`;
  await writeFile(partial, fetched);
  await rename(partial, cached).catch(() => rm(partial, { force: true }));
  return fetched.toString("utf8");
}

async function fromFolder(file: ReleaseFile, folder: string): Promise<string> {
  const path = join(folder, file.name);
  const content = await readFile(path).catch(() => undefined);
  if (content === undefined)
    throw new UserError(
      `${path} does not exist: KYC_PLATFORM_DIR must contain ${file.name}, a copy of ${file.url}`,
    );
  return verified(file, content, path).toString("utf8");
}

async function download(file: ReleaseFile, { signal, ...options }: ReleaseFileOptions): Promise<Buffer> {
  const get = options.fetch ?? fetch;
  const deadline = AbortSignal.timeout(DOWNLOAD_MS);
  let content: Buffer;
  try {
    const response = await get(file.url, { signal: signal ? AbortSignal.any([signal, deadline]) : deadline });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    content = Buffer.from(await response.arrayBuffer());
  } catch (error) {
    signal?.throwIfAborted();
    const why = messageOf(error);
    throw new UserError(
      `${file.url} cannot be fetched: ${why}\nCheck the network and HTTPS_PROXY, or put ${file.name} into a folder and name that in KYC_PLATFORM_DIR.`,
    );
  }
  return verified(file, content, file.url);
}

function verified(file: ReleaseFile, content: Buffer, where: string): Buffer {
  const found = sha256(content);
  if (found === file.sha256) return content;
  throw new UserError(
    [
      `${where} is not the file that is pinned, so that nothing of it was applied.`,
      `  expected SHA-256 ${file.sha256}`,
      `  found            ${found}`,
      "Something on the way has changed it, or it is of another release. Get it by another way and name its folder in KYC_PLATFORM_DIR.",
    ].join("\n"),
  );
}

function sha256(content: Buffer): string {
  return new Bun.CryptoHasher("sha256").update(content).digest("hex");
}
