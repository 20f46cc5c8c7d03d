import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../user-error.ts";
import { releaseFile, type ReleaseFileOptions } from "./release-file.ts";

const TEXT = "kind: Namespace\n";
const FILE = {
  name: "core.yaml",
  url: "https://example.com/v1/core.yaml",
  sha256: new Bun.CryptoHasher("sha256").update(TEXT).digest("hex"),
};

let folder = "";
let asked: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kyc-release-"));
  asked = [];
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function get(answer: () => Response, more: Partial<ReleaseFileOptions> = {}): Promise<string> {
  const fetch: ReleaseFileOptions["fetch"] = async (url) => {
    asked.push(url);
    return answer();
  };
  return releaseFile(FILE, { cacheDir: join(folder, "cache"), folder: undefined, fetch, ...more });
}

const good = (): Response => new Response(TEXT);
const none = (): Response => {
  throw new Error("no network");
};

describe("a released file", () => {
  test("is fetched once, and then had without a network", async () => {
    expect(await get(good)).toBe(TEXT);
    expect(await get(none)).toBe(TEXT);
    expect(asked).toEqual([FILE.url]);
    expect(await readdir(join(folder, "cache"))).toEqual([`${FILE.sha256.slice(0, 16)}-core.yaml`]);
  });

  test("that differs from the pinned one is refused, with both checksums and a remedy, and not cached", async () => {
    const attempt = get(() => new Response("something else"));
    await expect(attempt).rejects.toThrow(UserError);
    for (const part of [FILE.url, FILE.sha256, "nothing of it was applied", "KYC_PLATFORM_DIR"])
      await expect(attempt).rejects.toThrow(part);
    expect(await readdir(folder)).toEqual([]);
  });

  test("that was changed in the cache is fetched again", async () => {
    await get(good);
    const [name = ""] = await readdir(join(folder, "cache"));
    await writeFile(join(folder, "cache", name), "cut o");
    expect(await get(good)).toBe(TEXT);
    expect(await readFile(join(folder, "cache", name), "utf8")).toBe(TEXT);
    expect(asked).toHaveLength(2);
  });

  test.each([
    ["no network", none],
    ["the server answered 404", () => new Response("Not Found", { status: 404 })],
  ])("that cannot be fetched is reported with the reason: %s", async (reason, answer) => {
    const attempt = get(answer);
    await expect(attempt).rejects.toThrow(UserError);
    for (const part of [FILE.url, reason, "KYC_PLATFORM_DIR"]) await expect(attempt).rejects.toThrow(part);
  });

  test("is read from the user's own folder, and verified there too", async () => {
    const attempt = get(good, { folder });
    await expect(attempt).rejects.toThrow(`${join(folder, "core.yaml")} does not exist`);
    await writeFile(join(folder, "core.yaml"), "something else");
    await expect(get(good, { folder })).rejects.toThrow("not the file that is pinned");
    await writeFile(join(folder, "core.yaml"), TEXT);
    expect(await get(good, { folder })).toBe(TEXT);
    expect(asked).toEqual([]);
  });

  test("is not fetched any more after an interruption", async () => {
    const signal = AbortSignal.abort();
    await expect(get(none, { signal })).rejects.toThrow("abort");
  });
});
