import { describe, expect, test } from "bun:test";
import {
  compiled,
  creditCheck,
  HALVES,
  planOf,
  request,
  sent,
  to,
  virtualService,
} from "../../traffic/testing/sample-plans.ts";

const OWN = "own.kyc.svc.cluster.local";

describe("a direct response", () => {
  const direct = (directResponse: object, more: object = {}): unknown => {
    const plan = planOf(...creditCheck(HALVES), virtualService([{ directResponse, ...more }]));
    const end = sent(plan, "mesh", request(OWN));
    return end.kind === "direct" ? [end.status, Buffer.from(end.body).toString()] : end;
  };

  test.each<[object, number, string]>([
    [{ status: 503 }, 503, ""],
    [{ status: 200, body: { string: "h\u00e9llo" } }, 200, "h\u00e9llo"],
    [{ status: 200, body: { bytes: "aGVsbG8=" } }, 200, "hello"],
    [{ status: 599, body: { string: "" } }, 599, ""],
  ])("%j answers %p with %j", (response, status, body) => {
    expect(direct(response)).toEqual([status, body]);
  });

  test.each(["route", "rewrite", "fault", "mirror", "timeout", "retries", "redirect"])(
    "has no %s",
    (field) => {
      const parts: Record<string, unknown> = {
        route: [to("basic")],
        rewrite: { uri: "/" },
        fault: { abort: { percentage: { value: 1 }, httpStatus: 500 } },
        mirror: { host: "credit-check-basic" },
        timeout: "1s",
        retries: { attempts: 1 },
        redirect: { uri: "/" },
      };
      const found = problems({ directResponse: { status: 200 }, [field]: parts[field] });
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(
        /a rule with a (directResponse|redirect) (has no \w+; remove one of them|makes no use of \w+; remove it)$/,
      );
    },
  );
});

describe("a path rewritten by a regular expression", () => {
  const target = (match: string, rewrite: string, path: string): string => {
    const rule = { rewrite: { uriRegexRewrite: { match, rewrite } }, route: [to("basic")] };
    const plan = planOf(...creditCheck(HALVES), virtualService([rule]));
    const end = sent(plan, "mesh", request(OWN, path));
    return end.kind === "revision" ? end.request.target : end.kind;
  };

  test.each([
    ["^/a/([^/]*)/(.*)$", "/b/\\2/\\1", "/a/x/y?q=/a/x/y", "/b/y/x?q=/a/x/y"],
    ["o", "0", "/foo/o", "/f00/0"],
    ["x", "z", "/a", "/a"],
    ["(a)|b", "<\\1>", "/ab", "/<a><>"],
    ["a*", "-", "/baac", "-/-b-c-"],
    ["^/", "/v1/", "//a", "/v1//a"],
    ["b$", "\\0\\\\", "/b/b", "/b/b\\"],
  ])("%j by %j makes of %j %j", (match, rewrite, path, expected) => {
    expect(target(match, rewrite, path)).toBe(expected);
  });

  test.each([
    [{ match: "(", rewrite: "a" }, "match: this is not a regular expression in RE2 syntax"],
    [{ match: "a", rewrite: "\\1" }, "rewrite: there is no group 1 in the pattern"],
    [{ match: "a", rewrite: "\\x" }, 'rewrite: "\\\\x" is not a group'],
  ])("%j is reported", (uriRegexRewrite, expected) => {
    const found = problems({ rewrite: { uriRegexRewrite }, route: [to("basic")] });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`spec.http[0].rewrite.uriRegexRewrite.${expected}`);
  });
});

function problems(rule: object): string[] {
  return compiled(...creditCheck(HALVES), virtualService([rule])).problems;
}
