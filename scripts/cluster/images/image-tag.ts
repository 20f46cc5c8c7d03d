import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AS_BUN } from "../../project.ts";
import { UserError } from "../user-error.ts";

/** A function and the image that its source makes. */
export interface FunctionImage {
  /** The folder's name below `functions/`. */
  name: string;
  /** Prefix, name and content tag: equal exactly if the inputs of the image are equal. */
  image: string;
}

/** How the Dockerfile bundles a function; a test holds the two equal. */
export const BUNDLE = ["--target=bun", "--splitting", "--minify-whitespace", "--minify-syntax"] as const;

// Files besides the bundle that determine an image.
const RECIPE = ["Dockerfile", ".bun-version"];

/**
 * Returns the images of all functions, tagged by content: a changed function gets another tag, an unchanged one the
 * same on every machine. A change that does not affect the bundle (a test, a comment, a dependency of the tools) does
 * not change the tag. A folder without `functions/` has none: its images are built elsewhere.
 * @param prefix precedes the function's name
 * @param tag replaces the content's tag
 */
export async function functionImages(root: string, prefix: string, tag?: string): Promise<FunctionImage[]> {
  const names: string[] = [];
  for (const name of (await readdir(join(root, "functions")).catch(() => [])).sort()) {
    if (await exists(join(root, "functions", name, "main.ts"))) names.push(name);
  }
  return Promise.all(
    names.map(async (name) => ({
      name,
      image: `${prefix}/${name}:${tag ?? (await contentTag(root, name))}`,
    })),
  );
}

async function contentTag(root: string, name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kyc-bundle-"));
  try {
    await bundle(root, name, folder);
    const hash = new Bun.CryptoHasher("sha256");
    for (const file of RECIPE) await add(hash, file, join(root, file));
    for (const file of (await readdir(folder)).sort()) await add(hash, `app/${file}`, join(folder, file));
    return hash.digest("hex").slice(0, 16);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Bundles a function as the Dockerfile does, byte for byte. Bun's own command line runs in the project's folder,
 * because the names of the chunks depend on their paths from there: within this process they would differ by the
 * working directory. The environment is not passed for the same reason.
 */
async function bundle(root: string, name: string, folder: string): Promise<void> {
  const command = ["build", `functions/${name}/main.ts`, ...BUNDLE, `--outdir=${folder}`];
  const child = Bun.spawn([process.execPath, ...command], {
    cwd: root,
    env: { PATH: process.env["PATH"] ?? "", ...AS_BUN },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const [err, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new UserError(`The function ${name} cannot be bundled:\n${err.trim()}`);
}

async function add(hash: Bun.CryptoHasher, name: string, path: string): Promise<void> {
  const content = await readFile(path);
  hash.update(`${name}\0${content.length}\0`);
  hash.update(content);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
