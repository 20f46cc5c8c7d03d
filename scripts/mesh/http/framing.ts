import type { HeaderList } from "../../route-fields/headers/header-list.ts";
import { MalformedMessage, type RequestHead, type ResponseHead } from "./head.ts";

/**
 * How many bytes a message's body has: none, a known number (never 0), chunks, or all until the connection closes.
 * Behind a tunnel's head there is no message at all, but another protocol, until the connection closes.
 */
export type Framing =
  | { kind: "none" }
  | { kind: "length"; bytes: number }
  | { kind: "chunked" }
  | { kind: "close" }
  | { kind: "tunnel" };

const DIGITS = /^[0-9]{1,15}$/;

// Fields that speak of one connection only (RFC 9110 section 7.6.1, and those that older software sends).
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

// Without these a message could not be told from the next one, or not be routed: Connection cannot take them away.
const END_TO_END = new Set(["content-length", "host"]);

/**
 * The body that follows a request (RFC 9112 section 6.3).
 * @throws MalformedMessage when that cannot be told for certain
 */
export function requestFraming(head: RequestHead): Framing {
  return declaredFraming(head.headers) ?? { kind: "none" };
}

/**
 * The body that follows a response to a request of this method (RFC 9112 section 6.3).
 * @throws MalformedMessage when that cannot be told for certain
 */
export function responseFraming(head: ResponseHead, method: string): Framing {
  const declared = declaredFraming(head.headers);
  return isBodyless(head.status, method) ? { kind: "none" } : (declared ?? { kind: "close" });
}

// Of these nobody expects a body.
const BODYLESS_METHODS = new Set(["GET", "HEAD", "TRACE"]);

/**
 * Makes a request's fields say how its body is framed from here on, whatever a client or a rule wrote there. Where a
 * body could be expected, that there is none is said too (RFC 9110 section 8.6), as Envoy does.
 */
export function frameRequest(headers: HeaderList, framing: Framing, method: string): void {
  removeFraming(headers);
  if (framing.kind !== "none") return declare(headers, framing);
  const saysSo = headers.get("content-length") !== undefined;
  if (saysSo || !BODYLESS_METHODS.has(method)) headers.set("content-length", "0");
}

/** The same for the answer to a request of this method. A body without a known length goes out in chunks. */
export function frameResponse(headers: HeaderList, framing: Framing, status: number, method: string): void {
  removeFraming(headers);
  if (framing.kind === "tunnel") return headers.add("connection", "upgrade");
  if (framing.kind !== "none") return declare(headers, framing);
  // RFC 9110 section 8.6: these tell the length that a body would have had, and 204 tells nothing.
  if (status === 204) headers.remove("content-length");
  else if (!isBodyless(status, method)) headers.set("content-length", "0");
}

/** Removes what speaks of one connection only, with every field that the Connection header names. */
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

// Most messages have few of these, and to look is cheaper than to rewrite the list.
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
    // Both at once is how requests are smuggled past a proxy: refused rather than guessed at.
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
