import { describe, expect, test } from "bun:test";
import { NoTarget, readTarget } from "./target.ts";

const INGRESS = "http://127.0.0.1:8080";

describe("the target of a load", () => {
  test.each([
    [undefined, `${INGRESS}/orders`],
    ["/credit-check/report?a=1", `${INGRESS}/credit-check/report?a=1`],
  ])("%p is a path of the mesh on this machine", (given, url) => {
    expect(readTarget(given, INGRESS, "/orders")).toEqual({ url, isLocal: true });
  });

  test("may be a path at the gateway of a cluster, which is not this machine", () => {
    expect(readTarget("/x", "http://192.0.2.7")).toEqual({ url: "http://192.0.2.7/x", isLocal: false });
  });

  test.each([
    "http://127.0.0.1:9000/x",
    "http://localhost/x",
    "http://a.localhost:81/",
    "http://[::1]:8080/",
  ])("%s is on this machine, whether or not a mesh runs here", (url) => {
    expect(readTarget(url, undefined)).toEqual({ url, isLocal: true });
  });

  test.each([
    "http://192.0.2.1/x",
    "https://example.com/",
    "http://localhost.example.com/",
    "http://127.example.com/",
  ])("%s is another machine, named in full", (url) => {
    expect(readTarget(url, INGRESS)).toEqual({ url, isLocal: false });
  });

  test("is not guessed if no mesh runs", () => {
    for (const given of [undefined, "/x"]) {
      expect(() => readTarget(given, undefined)).toThrow("start it with ./kyc dev");
    }
  });

  test.each(["example.com", "192.0.2.1", "localhost:8080/x", "ftp://x/", "file:///etc/passwd", ""])(
    "is not %p, which does not name one in full",
    (given) => {
      expect(() => readTarget(given, INGRESS)).toThrow(NoTarget);
      expect(() => readTarget(given, INGRESS)).toThrow("a complete URL");
    },
  );

  test("has no password in it, which would be printed", () => {
    expect(() => readTarget("http://user:secret@192.0.2.1/", INGRESS)).toThrow("--header");
  });
});
