import { Elysia, type AnyElysia } from "elysia";
import type { ApiDescription } from "./api-document.ts";
import { DOCUMENT_PATH, PAGE_FILES, PAGE_HEADERS, PAGE_PATH, type PageFile } from "./docs-page.ts";
import { APPLICATION } from "../http/requests.ts";

/** Content, and a tag that changes with it. */
interface Tagged {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

/** The Swagger UI, the OpenAPI document that it shows, and `/`, which leads there. */
export function docs(describe: () => { description: ApiDescription; routes: AnyElysia }) {
  const app = new Elysia({ name: "docs", ...APPLICATION, detail: { hide: true } });
  const document = once(async () => {
    // Loading the plugin takes as long as the rest of a start, and few services are ever asked for their document.
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

// Always asked for again, and then mostly answered by 304: a page of one release never runs with the script of another.
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
  // A bundler leaves a path that is relative to the bundle.
  return tagged(await Bun.file(new URL(content.file, import.meta.url)).bytes());
}

const tagged = (bytes: Uint8Array<ArrayBuffer>): Tagged => ({
  bytes,
  etag: `"${Bun.hash(bytes).toString(36)}"`,
});

/** Does the work at the first call and gives its result to all calls; a failure is tried again. */
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
