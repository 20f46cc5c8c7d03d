import { Elysia, type AnyElysia } from "elysia";
import type { ApiDescription } from "./api-document.ts";
import { DOCUMENT_PATH, PAGE_FILES, PAGE_HEADERS, PAGE_PATH, type PageFile } from "./docs-page.ts";
import { APPLICATION } from "../http/requests.ts";

/** Content, and its entity tag. */
interface Tagged {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

/** The Swagger UI, the OpenAPI document that it shows, and `/`, which redirects there. */
export function docs(describe: () => { description: ApiDescription; routes: AnyElysia }) {
  const app = new Elysia({ name: "docs", ...APPLICATION, detail: { hide: true } });
  const document = once(async () => {
    // Loaded on demand: the plugin takes as long to load as the rest of the startup, and the document is rarely requested.
    const { apiDocument } = await import("./api-document.ts");
    const { description, routes } = describe();
    return tagged(new TextEncoder().encode(await apiDocument(description, routes)));
  });
  app.get("/", ({ redirect }) => redirect(PAGE_PATH));
  app.get(DOCUMENT_PATH, async ({ request }) => answer(request, await document(), "application/json"));
  for (const file of PAGE_FILES) {
    const content = once(() => read(file));
    app.get(file.path, async ({ request }) => answer(request, await content(), file.contentType));
  }
  return app;
}

// Revalidated on each use, mostly with a 304, so that a page never runs with the script of another release.
function answer(request: Request, { bytes, etag }: Tagged, contentType: string): Response {
  const headers = { ...PAGE_HEADERS, etag, "cache-control": "no-cache" };
  const known = request.headers
    .get("if-none-match")
    ?.split(",")
    .map((tag) => tag.trim().replace(/^W\//, ""));
  if (known?.some((tag) => tag === etag || tag === "*")) return new Response(null, { status: 304, headers });
  return new Response(bytes, { headers: { ...headers, "content-type": contentType } });
}

async function read({ content }: PageFile): Promise<Tagged> {
  if ("text" in content) return tagged(new TextEncoder().encode(content.text));
  // A bundler replaces the path with one relative to the bundle.
  return tagged(await Bun.file(new URL(content.file, import.meta.url)).bytes());
}

const tagged = (bytes: Uint8Array<ArrayBuffer>): Tagged => ({
  bytes,
  etag: `"${Bun.hash(bytes).toString(36)}"`,
});

/** Does the work at the first call and returns its result to all calls; after a failure, the next call tries again. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work().catch((error: unknown) => {
      result = undefined;
      throw error;
    });
    return result;
  };
}
