import type { HeaderList } from "../../route-fields/headers/header-list.ts";
import { MalformedMessage, type RequestHead, type ResponseHead } from "./head.ts";

/**
 * How a message's body is delimited: no body, a known length (never 0), chunks, or the end of the connection.
 * A tunnel's head is followed by another protocol until the connection closes.
 */
export type Framing =
  | { kind: "none" }
  | { kind: "length"; bytes: number }
  | { kind: "chunked" }
  | { kind: "close" }
  | { kind: "tunnel" };

const DIGITS = /^[0-9]{1,15}$/;

// Fields that apply to one connection only (RFC 9110 section 7.6.1, and fields of older software).
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

// Needed to delimit and to route a message: a Connection header cannot remove them.
const END_TO_END = new Set(["content-length", "host"]);

/**
 * Returns the framing of a request's body (RFC 9112 section 6.3).
 * @throws MalformedMessage if the framing is ambiguous
 */
export function requestFraming(head: RequestHead): Framing {
  return declaredFraming(head.headers) ?? { kind: "none" };
}

/**
 * Returns the framing of the body of a response to a request of this method (RFC 9112 section 6.3).
 * @throws MalformedMessage if the framing is ambiguous
 */
export function responseFraming(head: ResponseHead, method: string): Framing {
  const declared = declaredFraming(head.headers);
  return isBodyless(head.status, method) ? { kind: "none" } : (declared ?? { kind: "close" });
}

// Requests with these methods normally have no body, so they need no Content-Length: 0.
const BODYLESS_METHODS = new Set(["GET", "HEAD", "TRACE"]);

/**
 * Replaces the fields that frame a request's body, including those set by a client or a rule. A request without a
 * body gets Content-Length: 0 if its method usually has one (RFC 9110 section 8.6), as in Envoy.
 */
export function frameRequest(headers: HeaderList, framing: Framing, method: string): void {
  removeFraming(headers);
  if (framing.kind !== "none") return declare(headers, framing);
  const saysSo = headers.get("content-length") !== undefined;
  if (saysSo || !BODYLESS_METHODS.has(method)) headers.set("content-length", "0");
}

/**
 * Replaces the fields that frame the body of a response to a request of this method. A body of unknown length is
 * sent in chunks.
 */
export function frameResponse(headers: HeaderList, framing: Framing, status: number, method: string): void {
  removeFraming(headers);
  if (framing.kind === "tunnel") return headers.add("connection", "upgrade");
  if (framing.kind !== "none") return declare(headers, framing);
  // HEAD and 304 keep the length that the body would have; 204 has none (RFC 9110 section 8.6).
  if (status === 204) headers.remove("content-length");
  else if (!isBodyless(status, method)) headers.set("content-length", "0");
}

/** Removes the fields that apply to one connection only, and those that the Connection header names. */
export function removeHopByHop(headers: HeaderList): void {
  const named = headers.joined("connection");
  if (named !== undefined) {
    for (const written of new Set(named.toLowerCase().split(","))) {
      const name = written.trim();
      if (!END_TO_END.has(name)) headers.remove(name);
    }
  }
  for (const name of HOP_BY_HOP) removeIfThere(headers, name);
}

function isBodyless(status: number, method: string): boolean {
  return method === "HEAD" || status < 200 || status === 204 || status === 304;
}

function removeFraming(headers: HeaderList): void {
  removeIfThere(headers, "connection");
  removeIfThere(headers, "transfer-encoding");
}

// Most messages have few of these fields, and a lookup is cheaper than rewriting the list.
function removeIfThere(headers: HeaderList, name: string): void {
  if (headers.get(name) !== undefined) headers.remove(name);
}

function declare(headers: HeaderList, framing: Framing): void {
  if (framing.kind === "length") return headers.set("content-length", String(framing.bytes));
  headers.remove("content-length");
  headers.add("transfer-encoding", "chunked");
}

function declaredFraming(headers: HeaderList): Framing | undefined {
  const coding = headers.joined("transfer-encoding");
  const length = headers.joined("content-length");
  if (coding !== undefined) {
    // Both at once allow request smuggling (RFC 9112 section 6.3).
    if (length !== undefined)
      throw new MalformedMessage("Content-Length and Transfer-Encoding exclude each other");
    if (coding.toLowerCase() !== "chunked")
      throw new MalformedMessage("the only known transfer coding is chunked", 501);
    return { kind: "chunked" };
  }
  if (length === undefined) return undefined;
  if (!DIGITS.test(length)) throw new MalformedMessage("Content-Length is not one whole number");
  const bytes = Number(length);
  return bytes === 0 ? { kind: "none" } : { kind: "length", bytes };
}
