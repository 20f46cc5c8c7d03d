import { HeaderList } from "../../route-fields/headers/header-list.ts";
import type { Exchange } from "../http/exchange.ts";

/** A response of the mesh's own paths. */
export interface Reply {
  status: number;
  type: string;
  body: string;
  headers?: Readonly<Record<string, string>>;
}

/** Sends a complete response. Its headers prevent caching, embedding and reading by other origins. */
export function sendReply(exchange: Exchange, { status, type, body, headers = {} }: Reply): void {
  const bytes = Buffer.from(body);
  const bodyless = exchange.request.method === "HEAD" || bytes.length === 0;
  const fields = adminHeaders(type, headers);
  fields.set("content-length", String(bytes.length));
  exchange.respond(status, "", fields, bodyless ? { kind: "none" } : { kind: "length", bytes: bytes.length });
  exchange.write(bytes);
  exchange.end();
}

/** The headers of each response of these paths. */
export function adminHeaders(type: string, more: Readonly<Record<string, string>> = {}): HeaderList {
  const headers = new HeaderList();
  const all = {
    "content-type": type,
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    ...more,
  };
  for (const [name, value] of Object.entries(all)) headers.set(name, value);
  return headers;
}

export function jsonReply(status: number, value: unknown): Reply {
  return { status, type: "application/json", body: `${JSON.stringify(value)}\n` };
}

/** An error as a problem document (RFC 9457). */
export function problemReply(status: number, title: string, headers?: Record<string, string>): Reply {
  const body = `${JSON.stringify({ type: "about:blank", title, status })}\n`;
  return { status, type: "application/problem+json", body, ...(headers && { headers }) };
}
