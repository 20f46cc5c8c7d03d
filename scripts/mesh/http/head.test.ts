import { describe, expect, test } from "bun:test";
import { MalformedMessage, parseRequestHead, parseResponseHead } from "./head.ts";

function refusal(parse: () => unknown): { status: number; message: string } {
  try {
    parse();
  } catch (error) {
    if (error instanceof MalformedMessage) return { status: error.status, message: error.message };
    throw error;
  }
  throw new Error("it was accepted");
}

const HOST = "\r\nHost: a.test";

describe("a request's head", () => {
  test("yields method, target, authority and the fields in order, with names in lower case", () => {
    const head = parseRequestHead(
      "PATCH /a?b=c HTTP/1.1\r\nX-One:1\r\nHost: a.test:8080\r\nx-two: \t 2 \t\r\nX-one: 3",
    );
    expect(head).toMatchObject({
      method: "PATCH",
      target: "/a?b=c",
      authority: "a.test:8080",
      keepAlive: true,
    });
    expect([...head.headers]).toEqual([
      ["x-one", "1"],
      ["host", "a.test:8080"],
      ["x-two", "2"],
      ["x-one", "3"],
    ]);
  });

  test.each([
    "/",
    "//",
    "/a//b///",
    "/a/../b/./c",
    "/%2F%2f%00%zz%",
    "/a;b=c,d;e",
    "/a?b?c/../d&&=%26",
    "/?",
    '/"<>^`{|}[]\\@:',
    "/caf\xc3\xa9/\xff\x80",
  ])("keeps the target %p byte for byte", (target) => {
    expect(parseRequestHead(`GET ${target} HTTP/1.1${HOST}`).target).toBe(target);
  });

  test("keeps bytes beyond ASCII in values", () => {
    const head = parseRequestHead(`GET / HTTP/1.1${HOST}\r\nx: \x80\xa0caf\xc3\xa9\xff`);
    expect(head.headers.get("x")).toBe("\x80\xa0caf\xc3\xa9\xff");
  });

  test.each([
    ["origin form", "GET /p?q", "/p?q", "a.test"],
    ["absolute form", "GET http://b.test:81/p?q", "/p?q", "b.test:81"],
    ["absolute form in capitals", "GET HTTP://B.test/P", "/P", "B.test"],
    ["absolute form without a path", "GET http://b.test", "/", "b.test"],
    ["absolute form with a query only", "GET http://b.test?q", "/?q", "b.test"],
    ["asterisk form", "OPTIONS *", "*", "a.test"],
    ["asterisk form as sent to a proxy", "OPTIONS http://b.test", "*", "b.test"],
    ["OPTIONS of a path", "OPTIONS http://b.test/p", "/p", "b.test"],
  ])("accepts %s, and prefers the authority of the target to Host", (_, line, target, authority) => {
    const head = parseRequestHead(`${line} HTTP/1.1${HOST}`);
    expect(head).toMatchObject({ target, authority });
    expect(head.headers.get("host")).toBe(authority);
  });

  test.each([
    ["", true],
    ["\r\nConnection: keep-alive", true],
    ["\r\nConnection: close", false],
    ["\r\nConnection: x-a , CLOSE\t,b", false],
    ["\r\nConnection: x\r\nConnection: close", false],
    ["\r\nConnection: closed, enclose", true],
  ])("reports whether the connection is kept: %p", (connection, keepAlive) => {
    expect(parseRequestHead(`GET / HTTP/1.1${HOST}${connection}`).keepAlive).toBe(keepAlive);
  });

  test.each([
    ["nothing", "", 400],
    ["garbage", "hello", 400],
    ["a line without a version", `GET /${HOST}`, 400],
    ["two spaces", `GET  / HTTP/1.1${HOST}`, 400],
    ["a space at the end", `GET / HTTP/1.1 ${HOST}`, 400],
    ["a tab instead of a space", `GET\t/\tHTTP/1.1${HOST}`, 400],
    ["a method that is not a token", `G(T / HTTP/1.1${HOST}`, 400],
    ["an unknown method", `FOO / HTTP/1.1${HOST}`, 501],
    ["a method in lower case", `get / HTTP/1.1${HOST}`, 501],
    ["an empty method", ` / HTTP/1.1${HOST}`, 400],
    ["a version in small letters", `GET / http/1.1${HOST}`, 400],
    ["another protocol", `GET / ICY/1.1${HOST}`, 400],
    ["HTTP/1.0", `GET / HTTP/1.0${HOST}`, 426],
    ["HTTP/2.0", `PRI * HTTP/2.0`, 505],
    ["HTTP/1.2", `GET / HTTP/1.2${HOST}`, 505],
    ["HTTP/3", `GET / HTTP/3${HOST}`, 505],
    ["a space in the target", `GET /a b HTTP/1.1${HOST}`, 400],
    ["a control character in the target", `GET /a\x00b HTTP/1.1${HOST}`, 400],
    ["a DEL in the target", `GET /a\x7fb HTTP/1.1${HOST}`, 400],
    ["a fragment", `GET /a#b HTTP/1.1${HOST}`, 400],
    ["a relative path", `GET a HTTP/1.1${HOST}`, 400],
    ["an asterisk for another method", `GET * HTTP/1.1${HOST}`, 400],
    ["an address with a user", `GET http://u:p@b.test/ HTTP/1.1${HOST}`, 400],
    ["an address of another scheme", `GET https://b.test/ HTTP/1.1${HOST}`, 400],
    ["an address without a host", `GET http:///p HTTP/1.1${HOST}`, 400],
    ["authority form", `GET b.test:443 HTTP/1.1${HOST}`, 400],
    ["CONNECT", `CONNECT b.test:443 HTTP/1.1${HOST}`, 501],
    ["CONNECT of a path", `CONNECT / HTTP/1.1${HOST}`, 501],
    ["no Host", "GET / HTTP/1.1", 400],
    ["no Host beside an absolute form", "GET http://b.test/ HTTP/1.1", 400],
    ["two Hosts", `GET / HTTP/1.1${HOST}${HOST}`, 400],
    ["a Host with a space", "GET / HTTP/1.1\r\nHost: a b", 400],
    ["a Host with a path", "GET / HTTP/1.1\r\nHost: a/b", 400],
    ["a Host with a user", "GET / HTTP/1.1\r\nHost: u@a", 400],
    ["a Host beyond ASCII", "GET / HTTP/1.1\r\nHost: \xe9.test", 400],
    ["a bare LF after the first line", "GET / HTTP/1.1\nHost: a.test", 400],
    ["a bare LF after a field", `GET / HTTP/1.1${HOST}\nx: 1`, 400],
    ["a bare CR", `GET / HTTP/1.1${HOST}\rx: 1`, 400],
    ["a folded line", `GET / HTTP/1.1${HOST}\r\nx: 1\r\n 2`, 400],
    ["a line folded by a tab", `GET / HTTP/1.1${HOST}\r\nx: 1\r\n\t2`, 400],
    ["a folded first line", `GET / HTTP/1.1\r\n Host: a.test${HOST}`, 400],
    ["a space before the colon", `GET / HTTP/1.1${HOST}\r\nx : 1`, 400],
    ["a tab before the colon", `GET / HTTP/1.1${HOST}\r\nx\t: 1`, 400],
    ["a field without a colon", `GET / HTTP/1.1${HOST}\r\nx`, 400],
    ["a field without a name", `GET / HTTP/1.1${HOST}\r\n: 1`, 400],
    ["a name that is not a token", `GET / HTTP/1.1${HOST}\r\nx(y): 1`, 400],
    ["a name beyond ASCII", `GET / HTTP/1.1${HOST}\r\n\xe9: 1`, 400],
    ["a NUL in a value", `GET / HTTP/1.1${HOST}\r\nx: a\x00b`, 400],
    ["a DEL in a value", `GET / HTTP/1.1${HOST}\r\nx: a\x7fb`, 400],
    ["an escape in a value", `GET / HTTP/1.1${HOST}\r\nx: \x1b[1m`, 400],
    ["too many fields", `GET / HTTP/1.1${HOST}${"\r\nx: 1".repeat(100)}`, 431],
  ])("refuses %s", (_, text, status) => {
    expect(refusal(() => parseRequestHead(text)).status).toBe(status);
  });

  test("names the field in the error message", () => {
    expect(refusal(() => parseRequestHead(`GET / HTTP/1.1${HOST}\r\nx: a\x00`)).message).toBe(
      "the header x has a control character",
    );
  });

  test("accepts as many fields as Envoy does", () => {
    const head = parseRequestHead(`GET / HTTP/1.1${HOST}${"\r\nx: 1".repeat(99)}`);
    expect(head.headers.count("x")).toBe(99);
  });
});

describe("a response's head", () => {
  test.each([
    ["HTTP/1.1 200 OK", 200, "OK", true],
    ["HTTP/1.1 404 Not \xe9 Found", 404, "Not \xe9 Found", true],
    ["HTTP/1.1 200 ", 200, "", true],
    ["HTTP/1.1 200", 200, "", true],
    ["HTTP/1.1 299 a\x01b", 299, "", true],
    ["HTTP/1.0 200 OK", 200, "OK", false],
    ["HTTP/1.1 100 Continue", 100, "Continue", true],
    ["HTTP/1.1 200 OK\r\nconnection: close", 200, "OK", false],
  ])("is read: %p", (text, status, reason, keepAlive) => {
    expect(parseResponseHead(text)).toMatchObject({ status, reason, keepAlive });
  });

  test.each([
    ["nothing", ""],
    ["another protocol", "ICY 200 OK"],
    ["another version", "HTTP/2 200"],
    ["no status", "HTTP/1.1 OK"],
    ["a status of two digits", "HTTP/1.1 20 OK"],
    ["a status of four digits", "HTTP/1.1 2000 OK"],
    ["a status below 100", "HTTP/1.1 099 OK"],
    ["a leading empty line", "\r\nHTTP/1.1 200 OK"],
    ["a bare LF", "HTTP/1.1 200 OK\nx: 1"],
    ["a folded line", "HTTP/1.1 200 OK\r\nx: 1\r\n 2"],
    ["a space before the colon", "HTTP/1.1 200 OK\r\nx : 1"],
    ["a control character", "HTTP/1.1 200 OK\r\nx: \x00"],
    ["too many fields", `HTTP/1.1 200 OK${"\r\nx: 1".repeat(101)}`],
  ])("is refused for %s", (_, text) => {
    expect(refusal(() => parseResponseHead(text)).message).not.toBe("");
  });
});

describe("an upgrade to another protocol", () => {
  test.each<[string, string[], string | undefined]>([
    ["needs both fields", ["connection: Upgrade", "upgrade: WebSocket"], "websocket"],
    ["may be one of several options", ["connection: keep-alive, upgrade", "upgrade: h2c"], "h2c"],
    ["is ignored without Connection", ["upgrade: websocket"], undefined],
    ["is ignored without Upgrade", ["connection: upgrade"], undefined],
    [
      "is ignored if Connection names a similar option",
      ["connection: upgrades", "upgrade: websocket"],
      undefined,
    ],
  ])("%s", (_, fields, expected) => {
    const head = ["GET / HTTP/1.1", "host: a", ...fields].join("\r\n");
    expect(parseRequestHead(head).upgrade).toBe(expected);
  });
});
