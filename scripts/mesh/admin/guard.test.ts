import { describe, expect, test } from "bun:test";
import { HeaderList } from "../../route-fields/headers/header-list.ts";
import { type Caller, CHANGE_HEADER, changeRefusal, refusal } from "./guard.ts";

function caller(headers: Record<string, string> = {}, more: Partial<Caller> = {}): Caller {
  return {
    peer: "127.0.0.1",
    authority: "127.0.0.1:8080",
    headers: new HeaderList(Object.entries(headers).flat()),
    ...more,
  };
}

describe("the mesh's own paths", () => {
  test.each([
    "localhost",
    "localhost:8080",
    "127.0.0.1:8080",
    "[::1]:8080",
    "LOCALHOST",
    "mesh.localhost:80",
  ])("are shown at %s", (authority) => {
    expect(refusal(caller({}, { authority }))).toBeUndefined();
  });

  test.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "127.0.0.2",
    "[::2]",
    "",
    "xlocalhost",
  ])("are not shown at %s, which could resolve to this machine", (authority) => {
    expect(refusal(caller({}, { authority }))).toContain("127.0.0.1");
  });

  test.each(["192.168.1.7", "10.0.0.1", "::ffff:192.168.1.7", "fe80::1"])("are not shown to %s", (peer) => {
    expect(refusal(caller({}, { peer }))).toContain("its own machine only");
  });

  test.each(["cross-site", "same-site"])(
    "are not shown to a %s page, which may only link to them",
    (site) => {
      expect(refusal(caller({ "sec-fetch-site": site, "sec-fetch-mode": "cors" }))).toBeDefined();
      expect(refusal(caller({ "sec-fetch-site": site, "sec-fetch-mode": "no-cors" }))).toBeDefined();
      expect(refusal(caller({ "sec-fetch-site": site, "sec-fetch-mode": "navigate" }))).toBeUndefined();
    },
  );
});

describe("a change", () => {
  test("needs a header that a page of another origin cannot send without a preflight", () => {
    expect(changeRefusal(caller())).toContain(CHANGE_HEADER);
    expect(changeRefusal(caller({ [CHANGE_HEADER]: "1" }))).toBeUndefined();
  });

  test("is accepted from the page's own origin only", () => {
    const from = (origin: string): string | undefined =>
      changeRefusal(caller({ [CHANGE_HEADER]: "1", origin }));
    expect(from("http://127.0.0.1:8080")).toBeUndefined();
    for (const other of ["http://127.0.0.1:8081", "https://127.0.0.1:8080", "http://evil.example", "null"]) {
      expect(from(other)).toContain("another origin");
    }
  });

  test("is not accepted from another site, even by navigation", () => {
    for (const mode of ["cors", "navigate"]) {
      const headers = { [CHANGE_HEADER]: "1", "sec-fetch-site": "cross-site", "sec-fetch-mode": mode };
      expect(changeRefusal(caller(headers))).toContain("another origin");
    }
  });

  test("is not accepted where nothing is shown", () => {
    expect(changeRefusal(caller({ [CHANGE_HEADER]: "1" }, { authority: "evil.example" }))).toBeDefined();
  });
});
