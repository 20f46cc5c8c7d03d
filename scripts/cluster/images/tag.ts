import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** A function and the image that its source makes. */
export interface FunctionImage {
  /** The folder's name below `functions/`. */
  name: string;
  /** Prefix, name and content tag: equal exactly when what goes into the image is equal. */
  image: string;
}

// What every image is made of beside its own folder.
const COMMON = ["Dockerfile", ".dockerignore", "package.json", "bun.lock", "functions/shared"];

/**
 * The images of all functions, tagged by the content of their sources: a changed function gets another tag, an
 * unchanged one the same on every machine. Tests are not part of an image.
 * @param prefix what comes before the function's name, `dev.local/kyc` by default
 * @param tag another tag in place of the content's
 */
export async function functionImages(root: string, prefix: string, tag?: string): Promise<FunctionImage[]> {
  const common = await filesOf(root, COMMON);
  const images: FunctionImage[] = [];
  for (const name of (await readdir(join(root, "functions"))).sort()) {
    if (!(await exists(join(root, "functions", name, "main.ts")))) continue;
    const own = await filesOf(root, [`functions/${name}`]);
    images.push({ name, image: `${prefix}/${name}:${tag ?? (await contentTag(root, [...common, ...own]))}` });
  }
  return images;
}

async function contentTag(root: string, files: string[]): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for (const file of files.sort()) {
    const content = await readFile(join(root, file));
    hash.update(`${file}\0${content.length}\0`);
    hash.update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

/** The files below these paths that go into an image, from the root. */
async function filesOf(root: string, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const full = join(root, path);
    if (!(await stat(full)).isDirectory()) {
      found.push(path);
      continue;
    }
    const children = (await readdir(full)).filter((name) => !isTest(name)).map((name) => `${path}/${name}`);
    found.push(...(await filesOf(root, children)));
  }
  return found;
}

/** What `.dockerignore` keeps out as well. */
function isTest(name: string): boolean {
  return name.endsWith(".test.ts") || name === "testing" || name === "__snapshots__";
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
