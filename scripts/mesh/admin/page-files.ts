import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PluginBuilder } from "bun";
import { Code } from "typebox/compile";
import type { Reply } from "./reply.ts";
import { MeshState } from "./schema.ts";

const FOLDER = join(import.meta.dir, "page");

// The page loads and runs files of this folder only, and cannot be framed.
const POLICY = [
  "default-src 'none'",
  ...["script-src", "style-src", "connect-src", "img-src"].map((kind) => `${kind} 'self'`),
  ...["base-uri", "form-action", "frame-ancestors"].map((kind) => `${kind} 'none'`),
].join("; ");

// In the order of the cascade: later files override earlier ones.
const STYLES = ["base", "cards", "pictures"];

const FILES: Readonly<Record<string, { type: string; text: () => Promise<string> }>> = {
  "": { type: "text/html; charset=utf-8", text: () => read("index.html") },
  "/page/style.css": { type: "text/css; charset=utf-8", text: style },
  "/page/icon.svg": { type: "image/svg+xml", text: () => read("icon.svg") },
  "/page/main.js": { type: "text/javascript; charset=utf-8", text: script },
};

/** The texts of all files by path, if this module is part of a compiled program. */
declare const KYC_PAGE_FILES: Readonly<Record<string, string>> | undefined;
const EMBEDDED = typeof KYC_PAGE_FILES === "undefined" ? undefined : KYC_PAGE_FILES;

let bundle: Promise<string> | undefined;

/** Returns a file of the page by its path below the mesh's own; undefined if there is none. */
export async function pageFile(path: string): Promise<Reply | undefined> {
  const name = path === "/" ? "" : path;
  const file = FILES[name];
  if (file === undefined) return undefined;
  const headers = { "content-security-policy": POLICY, "referrer-policy": "no-referrer" };
  return { status: 200, type: file.type, body: EMBEDDED?.[name] ?? (await file.text()), headers };
}

/** Returns the value of `KYC_PAGE_FILES` for a compiled program. */
export async function embeddedPageFiles(): Promise<Record<string, string>> {
  const texts = Object.entries(FILES).map(async ([path, { text }]) => [path, await text()] as const);
  return Object.fromEntries(await Promise.all(texts));
}

function script(): Promise<string> {
  // A failed build is retried.
  bundle ??= build().catch((error: unknown) => {
    bundle = undefined;
    throw error;
  });
  return bundle;
}

async function style(): Promise<string> {
  const parts = await Promise.all(STYLES.map((name) => read(`style/${name}.css`)));
  return parts.join("\n");
}

function read(name: string): Promise<string> {
  return readFile(join(FOLDER, name), "utf8");
}

/** Bundles the page's program when the page is first opened. */
async function build(): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [join(FOLDER, "browser/main.ts")],
    target: "browser",
    minify: true,
    plugins: [{ name: "state-check", setup: generateStateCheck }],
  });
  return (await outputs[0]?.text()) ?? "";
}

/** Replaces `state-check.ts` by the generated check of the state. */
function generateStateCheck(build: PluginBuilder): void {
  build.onLoad({ filter: /[/\\]state-check\.ts$/ }, () => {
    const { Code: check } = Code(MeshState);
    return { contents: `${check}\nexport const isMeshState = Check;`, loader: "js" };
  });
}
