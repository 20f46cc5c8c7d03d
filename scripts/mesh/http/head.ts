import { METHODS } from "node:http";
import { HeaderList } from "../../route-fields/headers/header-list.ts";

export interface RequestHead {
  method: string;
  /** The request target byte for byte: path and query, neither decoded nor normalised. */
  target: string;
  /** Host, as the client wrote it (port included). */
  authority: string;
  headers: HeaderList;
  /** Whether the connection stays open after this exchange. */
  keepAlive: boolean;
  /** The protocol of the client's upgrade request, in lower case. */
  upgrade: string | undefined;
}

export interface ResponseHead {
  status: number;
  reason: string;
  headers: HeaderList;
  keepAlive: boolean;
}

/** A message that RFC 9112 does not allow. `status` is the status of the response to the client. */
export class MalformedMessage extends Error {
  readonly status: number;
  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/** A longer head is refused with 431, as in Envoy. */
export const MAX_HEAD_BYTES = 60 * 1024;

// The same limit as in Envoy. It also bounds the work on one head.
const MAX_FIELDS = 100;

const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VISIBLE = /^[\x21-\x7e\x80-\xff]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const AUTHORITY = /^[A-Za-z0-9._~%!$&'()*+,;=:[\]-]*$/;

/**
 * Parses a request's head.
 * @param text the head in Latin-1 (one character per byte), without the empty line that ends it
 * @throws MalformedMessage for anything that two parsers could read differently
 */
export function parseRequestHead(text: string): RequestHead {
  const lines = text.split("\r\n");
  const [method = "", target = "", version = "", ...rest] = (lines[0] ?? "").split(" ");
  if (!TOKEN.test(method) || !VISIBLE.test(target) || rest.length > 0) {
    throw new MalformedMessage("the request line is not METHOD TARGET HTTP/1.1");
  }
  if (version !== "HTTP/1.1") throw unsupportedVersion(version);
  // CONNECT opens a tunnel, which cannot be forwarded as a message.
  if (method === "CONNECT") throw new MalformedMessage("CONNECT is not served", 501);
  // As in Envoy, a revision never gets a request with an unknown method: many servers close the connection without
  // a response. (envoy, source/common/http/http1/balsa_parser.cc, isMethodValid)
  if (!KNOWN_METHODS.has(method)) throw new MalformedMessage(`the method ${method} is unknown`, 501);
  const headers = parseFields(lines);
  if (headers.count("host") !== 1) throw new MalformedMessage("exactly one Host header is needed");
  const host = headers.get("host") ?? "";
  const { authority, path } = splitTarget(method, target, host);
  if (!AUTHORITY.test(authority)) throw new MalformedMessage("the Host header is not a host name");
  if (authority !== host) headers.set("host", authority);
  return {
    method,
    target: path,
    authority,
    headers,
    keepAlive: wantsKeepAlive(headers),
    upgrade: wantedUpgrade(headers),
  };
}

/** Parses the head of a revision's response. @throws MalformedMessage if it is malformed */
export function parseResponseHead(text: string): ResponseHead {
  const lines = text.split("\r\n");
  const parts = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: (.*))?$/.exec(lines[0] ?? "");
  if (!parts) throw new MalformedMessage("the answer does not begin with an HTTP/1.1 status line");
  const [, minor, status, reason = ""] = parts;
  const headers = parseFields(lines);
  const keepAlive = minor === "1" && wantsKeepAlive(headers);
  return { status: Number(status), reason: FIELD_VALUE.test(reason) ? reason : "", headers, keepAlive };
}

function parseFields(lines: string[]): HeaderList {
  if (lines.length - 1 > MAX_FIELDS)
    throw new MalformedMessage(`there are more than ${MAX_FIELDS} header lines`, 431);
  const fields: string[] = [];
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string;
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1);
    // This includes folded lines, which begin with whitespace.
    if (colon < 1 || !TOKEN.test(name)) throw new MalformedMessage(`header line ${i} is not NAME: VALUE`);
    if (!FIELD_VALUE.test(value)) throw new MalformedMessage(`the header ${name} has a control character`);
    fields.push(name.toLowerCase(), trimBlanks(value));
  }
  return new HeaderList(fields);
}

// Accepts origin form, absolute form (as sent to a proxy) and OPTIONS * (RFC 9112 section 3.2).
function splitTarget(method: string, target: string, host: string): { authority: string; path: string } {
  if (target.includes("#")) throw new MalformedMessage("a request target has no #fragment");
  if (target.startsWith("/")) return { authority: host, path: target };
  if (target === "*" && method === "OPTIONS") return { authority: host, path: target };
  const absolute = /^http:\/\/([^/?@]+)([/?].*)?$/i.exec(target);
  if (!absolute) throw new MalformedMessage("the request target must be a path or an http:// address");
  const [, authority = "", path = method === "OPTIONS" ? "*" : "/"] = absolute;
  if (path === "*") return { authority, path };
  return { authority, path: path.startsWith("/") ? path : `/${path}` };
}

function wantsKeepAlive(headers: HeaderList): boolean {
  const connection = headers.joined("connection");
  return connection === undefined || !/(?:^|,)[\t ]*close[\t ]*(?:,|$)/i.test(connection);
}

/** Returns the requested protocol. An upgrade needs both fields (RFC 9110 section 7.8). */
function wantedUpgrade(headers: HeaderList): string | undefined {
  const connection = headers.joined("connection");
  if (connection === undefined || !/(?:^|,)[\t ]*upgrade[\t ]*(?:,|$)/i.test(connection)) return undefined;
  return headers.joined("upgrade")?.toLowerCase();
}

function unsupportedVersion(version: string): MalformedMessage {
  // As Istio's gateways by default, the mesh answers HTTP/1.0 with 426 (PILOT_HTTP10).
  if (version === "HTTP/1.0") return new MalformedMessage("HTTP/1.0 is not served: use HTTP/1.1", 426);
  if (/^HTTP\/[0-9](\.[0-9])?$/.test(version))
    return new MalformedMessage(`${version} is not served here`, 505);
  return new MalformedMessage("the request line is not METHOD TARGET HTTP/1.1");
}

function trimBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
