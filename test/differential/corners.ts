import { Parse } from "typebox/value";
import { RawSocket } from "../../scripts/mesh/testing/raw-socket.ts";
import { Seen } from "./answer-schema.ts";

/** A message that proxies treat differently, because HTTP barely allows it or not. */
interface Corner {
  name: string;
  /** The bytes, with HOST as a placeholder for the host of the table. */
  bytes: string;
  /** Why the mesh differs from Envoy, if it does. */
  differs?: string;
}

const BYTES = "paths are passed byte for byte; Istio's default is to normalise them";
const STRICT = "what two parsers could read in two ways is refused";
const METHODS = "every token is a method, and who knows it is the service's business";

const get = (target: string, ...fields: string[]): string => request("GET", target, ...fields);

function request(method: string, target: string, ...fields: string[]): string {
  return [`${method} ${target} HTTP/1.1`, "host: HOST", "connection: close", ...fields, "", ""].join("\r\n");
}

/** The corner cases that are sent to both sides. */
export const CORNERS: readonly Corner[] = [
  { name: "dot segments", differs: BYTES, bytes: get("/a/../b/./c") },
  { name: "dot segments beyond the root", differs: BYTES, bytes: get("/../../b") },
  { name: "encoded dots", differs: BYTES, bytes: get("/a/%2e%2e/b") },
  { name: "two slashes", bytes: get("//a//b") },
  { name: "an encoded slash", bytes: get("/a%2Fb") },
  { name: "an encoded letter", differs: BYTES, bytes: get("/%61%41") },
  { name: "a backslash", differs: BYTES, bytes: get("/a\\b") },
  { name: "bytes beyond ASCII in the path", differs: BYTES, bytes: get("/\xc3\xa4") },
  { name: "a percent sign alone", bytes: get("/100%") },
  { name: "an empty query", bytes: get("/a?") },
  { name: "question marks in the query", bytes: get("/a?b?c?") },
  { name: "a fragment", differs: STRICT, bytes: get("/a#b") },
  { name: "absolute form", bytes: get("http://HOST/a?b") },
  {
    name: "absolute form of another scheme",
    differs: "there is no other scheme than http here",
    bytes: get("https://HOST/a"),
  },
  {
    name: "OPTIONS *",
    differs: "a rule without a match takes it; in Envoy it begins with no slash, and so matches no prefix",
    bytes: request("OPTIONS", "*"),
  },
  { name: "no slash", bytes: get("a") },
  { name: "TRACE", bytes: request("TRACE", "/") },
  { name: "CONNECT", differs: "501 says what is the matter", bytes: request("CONNECT", "HOST:80") },
  { name: "a method in lower case", differs: METHODS, bytes: request("get", "/") },
  { name: "an unknown method", differs: METHODS, bytes: request("BREW", "/") },
  { name: "HTTP/1.0", bytes: "GET / HTTP/1.0\r\nhost: HOST\r\n\r\n" },
  {
    name: "HTTP/1.2",
    differs: "505 says what is the matter",
    bytes: "GET / HTTP/1.2\r\nhost: HOST\r\nconnection: close\r\n\r\n",
  },
  { name: "HTTP/0.9", differs: "400 says what is the matter", bytes: "GET /\r\n\r\n" },
  { name: "no Host", bytes: "GET / HTTP/1.1\r\nconnection: close\r\n\r\n" },
  { name: "two Hosts", differs: STRICT, bytes: get("/", "host: other.test") },
  { name: "Host with a port", bytes: get("/").replace("HOST", "HOST:8080") },
  { name: "Host in capitals", bytes: get("/").replace("HOST", "UPPER") },
  { name: "two equal lengths", bytes: `${request("POST", "/", "content-length: 1", "content-length: 1")}x` },
  {
    name: "two different lengths",
    bytes: `${request("POST", "/", "content-length: 1", "content-length: 2")}xy`,
  },
  { name: "a list of equal lengths", bytes: `${request("POST", "/", "content-length: 1, 1")}x` },
  { name: "a length with a sign", bytes: `${request("POST", "/", "content-length: +1")}x` },
  { name: "a negative length", bytes: request("POST", "/", "content-length: -1") },
  {
    name: "a length and chunks",
    bytes: `${request("POST", "/", "content-length: 5", "transfer-encoding: chunked")}0\r\n\r\n`,
  },
  { name: "chunks", bytes: `${request("POST", "/", "transfer-encoding: chunked")}2\r\nab\r\n0\r\n\r\n` },
  { name: "Chunks", bytes: `${request("POST", "/", "Transfer-Encoding: Chunked")}2\r\nab\r\n0\r\n\r\n` },
  { name: "an unknown coding", bytes: request("POST", "/", "transfer-encoding: gzip, chunked") },
  {
    name: "a chunk that is too long",
    differs: STRICT,
    bytes: `${request("POST", "/", "transfer-encoding: chunked")}2\r\nabc\r\n0\r\n\r\n`,
  },
  { name: "a bare LF", differs: STRICT, bytes: "GET / HTTP/1.1\nhost: HOST\nconnection: close\n\n" },
  { name: "a folded field", differs: STRICT, bytes: get("/", "x-folded: a\r\n b") },
  { name: "a space before the colon", bytes: get("/", "x-space : a") },
  { name: "no colon", bytes: get("/", "x-nothing") },
  { name: "an empty name", bytes: get("/", ": a") },
  { name: "a control character in a value", bytes: get("/", "x-control: a\x01b") },
  { name: "NUL in a value", bytes: get("/", "x-nul: a\0b") },
  { name: "an underscore in a name", bytes: get("/", "x_under: a") },
  { name: "bytes beyond ASCII in a value", bytes: get("/", "x-bytes: \xe4") },
  { name: "blanks around a value", bytes: get("/", "x-blank: \t a b \t") },
  { name: "an empty line ahead", bytes: `\r\n${get("/")}` },
  { name: "101 fields", bytes: get("/", ...Array.from({ length: 101 }, (_, i) => `x-${i}: 1`)) },
  { name: "70 KiB of fields", bytes: get("/", `x-long: ${"a".repeat(70 * 1024)}`) },
  {
    name: "Expect: 100-continue",
    bytes: `${request("POST", "/", "expect: 100-continue", "content-length: 1")}x`,
  },
  { name: "Expect: anything", bytes: get("/", "expect: anything") },
  {
    name: "Upgrade: websocket",
    differs: "Envoy sends Connection on as it came; the mesh keeps the one word that matters",
    bytes: upgrade("websocket"),
  },
  { name: "Upgrade: h2c", bytes: upgrade("h2c") },
  { name: "Upgrade: anything", bytes: upgrade("anything") },
  {
    name: "hop-by-hop fields",
    differs: "TE speaks of one connection, too; Envoy lets trailers through",
    bytes: get("/", "keep-alive: 5", "te: trailers", "proxy-connection: keep-alive"),
  },
  { name: "a field that Connection names", bytes: get("/", "x-mine: 1").replace("close", "close, x-mine") },
  { name: "x-request-id", bytes: get("/", "x-request-id: mine") },
  { name: "x-forwarded-for", bytes: get("/", "x-forwarded-for: 1.2.3.4") },
  { name: "x-forwarded-proto", bytes: get("/", "x-forwarded-proto: https") },
  { name: "x-forwarded-host", bytes: get("/", "x-forwarded-host: other.test") },
  { name: "a body of GET", bytes: `${get("/", "content-length: 1")}x` },
  { name: "a length of 0 of GET", bytes: get("/", "content-length: 0") },
  { name: "no length of POST", bytes: request("POST", "/") },
  { name: "HEAD", bytes: request("HEAD", "/") },
];

/** The number of known differences. */
export const DOCUMENTED = CORNERS.filter(({ differs }) => differs !== undefined).length;

function upgrade(protocol: string): string {
  return ["GET / HTTP/1.1", "host: HOST", "connection: upgrade, close", `upgrade: ${protocol}`, "", ""].join(
    "\r\n",
  );
}

/** A side's result for a corner case: the status, and the request that reaches the revision. */
export async function taken({ bytes }: Corner, host: string, port: number): Promise<string> {
  using socket = await RawSocket.connect(port);
  await socket.send(bytes.replaceAll("HOST", host).replaceAll("UPPER", host.toUpperCase()));
  const { text } = await socket.untilEnded().catch(() => ({ text: `${socket.text} (stays open)` }));
  const statuses = [...text.matchAll(/HTTP\/1\.1 ([0-9]{3})/g)].map(([, status]) => status);
  const echo = /^x-echo: (.*)\r$/m.exec(text)?.[1];
  if (echo === undefined) return statuses.join(" ") || "no answer";
  const seen = Parse(Seen, JSON.parse(Buffer.from(echo, "base64").toString()));
  const fields = seen.headers
    .filter(([name]) => !/^x-envoy-|^x-request-id$|^x-[0-9]|^x-long/.test(name) || text.includes("mine"))
    .map(([name, value]) => `${name}=${value.replaceAll(/(?:[0-9]{1,3}\.){3}[0-9]{1,3}$/g, "PEER")}`)
    .sort();
  return `${statuses.join(" ")}: ${seen.method} ${seen.target} ${seen.body} [${fields.join("; ")}]`.replaceAll(
    host,
    "HOST",
  );
}
