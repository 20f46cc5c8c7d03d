import { describe, expect, test } from "bun:test";
import { HeaderList } from "../../route-fields/headers/header-list.ts";
import {
  type Framing,
  frameRequest,
  frameResponse,
  removeHopByHop,
  requestFraming,
  responseFraming,
} from "./framing.ts";
import { MalformedMessage } from "./head.ts";

const NONE: Framing = { kind: "none" };
const CHUNKED: Framing = { kind: "chunked" };
const bytes = (count: number): Framing => ({ kind: "length", bytes: count });

function framingOf(fields: string[]): Framing | number {
  const headers = new HeaderList(fields);
  try {
    return requestFraming({
      method: "POST",
      target: "/",
      authority: "a",
      headers,
      keepAlive: true,
      upgrade: undefined,
    });
  } catch (error) {
    if (error instanceof MalformedMessage) return error.status;
    throw error;
  }
}

describe("the body that a request declares", () => {
  test.each<[string, string[], Framing | number]>([
    ["nothing", [], NONE],
    ["a length", ["content-length", "5"], bytes(5)],
    ["the length 0", ["content-length", "0"], NONE],
    ["the length 0 in many digits", ["content-length", "000"], NONE],
    ["a length with leading zeros", ["content-length", "007"], bytes(7)],
    ["a huge length", ["content-length", "999999999999999"], bytes(999_999_999_999_999)],
    ["a length that overflows", ["content-length", "9999999999999999"], 400],
    ["an empty length", ["content-length", ""], 400],
    ["a negative length", ["content-length", "-1"], 400],
    ["a length with a sign", ["content-length", "+1"], 400],
    ["a hexadecimal length", ["content-length", "0x5"], 400],
    ["a length with a fraction", ["content-length", "5.0"], 400],
    ["a length in other digits", ["content-length", "\xb2"], 400],
    ["a list of lengths", ["content-length", "5, 5"], 400],
    ["the same length twice", ["content-length", "5", "content-length", "5"], 400],
    ["two lengths", ["content-length", "5", "content-length", "6"], 400],
    ["chunks", ["transfer-encoding", "chunked"], CHUNKED],
    ["chunks in capitals", ["transfer-encoding", "CHUNKED"], CHUNKED],
    ["chunks and a length", ["transfer-encoding", "chunked", "content-length", "5"], 400],
    ["a length and chunks", ["content-length", "0", "transfer-encoding", "chunked"], 400],
    ["another coding", ["transfer-encoding", "gzip"], 501],
    ["another coding before chunks", ["transfer-encoding", "gzip, chunked"], 501],
    ["chunks before another coding", ["transfer-encoding", "chunked, gzip"], 501],
    ["chunks twice", ["transfer-encoding", "chunked", "transfer-encoding", "chunked"], 501],
    ["identity", ["transfer-encoding", "identity"], 501],
    ["an empty coding", ["transfer-encoding", ""], 501],
    ["chunks in disguise", ["transfer-encoding", "\x0bchunked"], 501],
    ["chunks with a parameter", ["transfer-encoding", "chunked;q=1"], 501],
  ])("%s", (_, fields, expected) => {
    expect(framingOf(fields)).toEqual(expected);
  });
});

describe("the body that a response has", () => {
  const framing = (status: number, method: string, fields: string[]): Framing =>
    responseFraming({ status, reason: "", headers: new HeaderList(fields), keepAlive: true }, method);

  test.each<[string, number, string, string[], Framing]>([
    ["of a known length", 200, "GET", ["content-length", "5"], bytes(5)],
    ["of no bytes", 200, "GET", ["content-length", "0"], NONE],
    ["in chunks", 200, "GET", ["transfer-encoding", "chunked"], CHUNKED],
    ["until the connection closes", 200, "GET", [], { kind: "close" }],
    ["none to HEAD", 200, "HEAD", ["content-length", "5"], NONE],
    ["none to HEAD, in chunks", 200, "HEAD", ["transfer-encoding", "chunked"], NONE],
    ["none with 204", 204, "GET", ["content-length", "5"], NONE],
    ["none with 304", 304, "GET", ["content-length", "5"], NONE],
    ["with an error", 500, "GET", ["content-length", "5"], bytes(5)],
  ])("%s", (_, status, method, fields, expected) => {
    expect(framing(status, method, fields)).toEqual(expected);
  });

  test("is refused if it is declared in two ways, even if there is none", () => {
    const twoWays = ["content-length", "5", "transfer-encoding", "chunked"];
    expect(() => framing(200, "GET", twoWays)).toThrow(MalformedMessage);
    expect(() => framing(304, "GET", twoWays)).toThrow(MalformedMessage);
    expect(() => framing(200, "HEAD", ["content-length", "5, 5"])).toThrow(MalformedMessage);
  });
});

describe("a forwarded message declares the framing of its body", () => {
  test.each<[string, string[], Framing, string[]]>([
    [
      "at the position of the client's field",
      ["content-length", "5", "x", "1"],
      bytes(5),
      ["content-length", "5", "x", "1"],
    ],
    ["although a rule removed it", ["x", "1"], bytes(5), ["x", "1", "content-length", "5"]],
    ["although a rule changed it", ["content-length", "99"], bytes(5), ["content-length", "5"]],
    [
      "although a rule added one",
      ["content-length", "5", "content-length", "6"],
      bytes(5),
      ["content-length", "5"],
    ],
    [
      "although a rule set a coding",
      ["transfer-encoding", "gzip", "content-length", "5"],
      bytes(5),
      ["content-length", "5"],
    ],
    ["in chunks", ["content-length", "5", "x", "1"], CHUNKED, ["x", "1", "transfer-encoding", "chunked"]],
    ["with no field for no body", ["x", "1"], NONE, ["x", "1"]],
    ["with 0 for no body", ["content-length", "0"], NONE, ["content-length", "0"]],
    ["with 0 if a rule declares more", ["content-length", "5"], NONE, ["content-length", "0"]],
    ["without a rule's Connection", ["connection", "close"], NONE, []],
  ])("in a request, %s", (_, fields, framing, expected) => {
    const headers = new HeaderList(fields);
    frameRequest(headers, framing, "GET");
    expect([...headers].flat()).toEqual(expected);
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS", "PURGE"])("in a %s, with 0 for no body", (method) => {
    const headers = new HeaderList(["x", "1"]);
    frameRequest(headers, NONE, method);
    expect([...headers].flat()).toEqual(["x", "1", "content-length", "0"]);
  });

  test.each<[string, string[], Framing, number, string, string[]]>([
    ["with its length", [], bytes(5), 200, "GET", ["content-length", "5"]],
    ["in chunks", ["content-length", "5"], CHUNKED, 200, "GET", ["transfer-encoding", "chunked"]],
    [
      "in chunks if the revision delimits it by closing",
      [],
      { kind: "close" },
      200,
      "GET",
      ["transfer-encoding", "chunked"],
    ],
    ["with 0 for no body", ["content-length", "7"], NONE, 200, "GET", ["content-length", "0"]],
    [
      "with the length that GET would get",
      ["content-length", "7"],
      NONE,
      200,
      "HEAD",
      ["content-length", "7"],
    ],
    ["with no field for HEAD if the revision sent none", [], NONE, 200, "HEAD", []],
    [
      "with the length of what is not modified",
      ["content-length", "7"],
      NONE,
      304,
      "GET",
      ["content-length", "7"],
    ],
    ["without a length in 204", ["content-length", "7"], NONE, 204, "GET", []],
    [
      "without a rule's Connection",
      ["connection", "x", "transfer-encoding", "y"],
      bytes(5),
      200,
      "GET",
      ["content-length", "5"],
    ],
  ])("in an answer, %s", (_, fields, framing, status, method, expected) => {
    const headers = new HeaderList(fields);
    frameResponse(headers, framing, status, method);
    expect([...headers].flat()).toEqual(expected);
  });
});

describe("fields of one connection", () => {
  test.each<[string, string[], string[]]>([
    [
      "are removed",
      [
        ...[
          "connection",
          "keep-alive",
          "keep-alive",
          "timeout=5",
          "proxy-connection",
          "close",
          "te",
          "trailers",
        ],
        ...[
          "proxy-authenticate",
          "x",
          "proxy-authorization",
          "x",
          "trailer",
          "x",
          "transfer-encoding",
          "chunked",
        ],
        ...["upgrade", "websocket", "accept", "*/*"],
      ],
      ["accept", "*/*"],
    ],
    [
      "include the fields that Connection names",
      ["connection", "X-A , x-b", "x-a", "1", "x-b", "2", "x-c", "3"],
      ["x-c", "3"],
    ],
    ["named in two lines", ["connection", "x-a", "x-a", "1", "connection", "x-b", "x-b", "2"], []],
    ["named with empty elements", ["connection", ", ,x-a,,", "x-a", "1"], []],
    [
      "do not include the fields that delimit a message",
      ["connection", "content-length, host", "content-length", "5", "host", "a.test"],
      ["content-length", "5", "host", "a.test"],
    ],
  ])("%s", (_, fields, expected) => {
    const headers = new HeaderList(fields);
    removeHopByHop(headers);
    expect([...headers].flat()).toEqual(expected);
  });
});
