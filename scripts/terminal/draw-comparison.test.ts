import { describe, expect, test } from "bun:test";
import type { Comparison } from "../traffic/equal/comparison.ts";
import type { Difference } from "../traffic/equal/counterexample.ts";
import { curl, drawComparison } from "./draw-comparison.ts";
import { drawFindings, drawCodes } from "./draw-findings.ts";
import { PLAIN } from "./style.ts";

const HOSTS = ["own.kyc", "own.kyc"] as const;
const request = { method: "GET", path: "/a", query: [], headers: [], attributes: [], hosts: HOSTS };
const end = (share: string, place: string, details: string[] = []) => ({
  share,
  place,
  undescribed: undefined,
  details,
});
const equal: Comparison = {
  verdict: "equal",
  compared: [{ listener: "mesh", hosts: HOSTS }],
  differences: [],
  revisions: [],
  doubts: [],
  unread: [],
  notes: ["a note"],
  cells: 3,
};

describe("a comparison", () => {
  test("that is equal names the listeners", () => {
    expect(drawComparison(equal, ["a", "b"], PLAIN)).toEqual([
      "equal  every request goes the same way (own.kyc at a caller's sidecar)",
      "  a note",
    ]);
  });

  test("that is different shows a request, its routes, and the other listeners with the same difference", () => {
    const sides = [[end("50 %", "x"), end("50 %", "y", ["within 3 ms"])], [end("100 %", "x")]] as const;
    const differences: Difference[] = [
      { listener: "mesh", hosts: HOSTS, request, sides, differs: [] },
      { listener: "local-gateway", hosts: HOSTS, request, sides, differs: [] },
    ];
    const compared = [...equal.compared, { listener: "local-gateway", hosts: HOSTS } as const];
    const different: Comparison = { ...equal, verdict: "different", differences, compared };
    expect(drawComparison(different, ["a.yaml", "b"], PLAIN)).toEqual([
      "different  1 difference (2 places, 3 kinds of requests)",
      "",
      "at own.kyc, a caller's sidecar",
      "  curl -H 'Host: own.kyc' http://127.0.0.1:8081/a",
      "  a.yaml     50 %  x",
      "             50 %  y  (within 3 ms)",
      "  b         100 %  x",
      "  also at own.kyc (the local gateway)",
      "",
      "  a note",
    ]);
  });

  test("names a difference that is not in the destination, and the place of each side's rule", () => {
    const sides = [[end("100 %", "x", ["retries: 2 attempts on 5xx"])], [end("100 %", "x")]] as const;
    const at = [{ file: "a.yaml", line: 12, column: 7 }, undefined] as const;
    const differs = [{ about: "retries", values: ["2 attempts on 5xx", "no retries"] as const, at }];
    const differences: Difference[] = [{ listener: "mesh", hosts: HOSTS, request, sides, differs }];
    const lines = drawComparison({ ...equal, verdict: "different", differences }, ["a", "b"], PLAIN);
    expect(lines).toContain("  retries: 2 attempts on 5xx (a.yaml:12) against no retries");
  });

  test("that was not decided gives the reason", () => {
    const unknown: Comparison = {
      ...equal,
      verdict: "unknown",
      doubts: [{ listener: "ingress", hosts: ["*", "*"], why: "too much" }],
      unread: ["something is not compared"],
      notes: [],
    };
    expect(drawComparison(unknown, ["a", "b"], PLAIN)).toEqual([
      "unknown  no difference was found, and not everything could be decided (own.kyc at a caller's sidecar)",
      "  not decided at *, the ingress gateway: too much",
      "  not decided: something is not compared",
    ]);
  });
});

test.each([
  [{}, "curl -H 'Host: h' http://127.0.0.1:8080/a"],
  [{ method: "POST" }, "curl -X POST -H 'Host: h' http://127.0.0.1:8080/a"],
  [{ method: "HEAD" }, "curl --head -H 'Host: h' http://127.0.0.1:8080/a"],
  [{ headers: [["a", "it's"]] as const }, "curl -H 'Host: h' -H 'a: it'\\''s' http://127.0.0.1:8080/a"],
  [{ headers: [["a", ""]] as const }, "curl -H 'Host: h' -H 'a;' http://127.0.0.1:8080/a"],
  [
    {
      query: [
        ["q", "1"],
        ["r", ""],
      ] as const,
    },
    "curl -H 'Host: h' 'http://127.0.0.1:8080/a?q=1&r='",
  ],
  [{ path: "/a/../[b]" }, "curl --path-as-is --globoff -H 'Host: h' 'http://127.0.0.1:8080/a/../[b]'"],
])("a request with %j can be sent with curl", (more, expected) => {
  expect(curl({ ...request, ...more }, "ingress", "h")).toBe(expected);
});

describe("findings", () => {
  const finding = {
    code: "weights-sum",
    severity: "warning",
    at: { file: "a.yaml", line: 3, column: 5 },
    field: "spec.http[0].route",
    message: "the weights sum to 110",
    fix: "make them sum to 100",
    repairs: [],
  } as const;

  test("are one line each, with a link to their position, and a sum", () => {
    expect(
      drawFindings(
        [finding, { ...finding, severity: "error", field: "", fix: undefined, repairs: [1] }],
        PLAIN,
      ),
    ).toEqual([
      "a.yaml:3:5: warning: spec.http[0].route: the weights sum to 110 [weights-sum]",
      "    make them sum to 100",
      "a.yaml:3:5: error: the weights sum to 110 [weights-sum]",
      "1 error, 1 warning; --fix repairs 1",
    ]);
    expect(drawFindings([], PLAIN)).toEqual(["nothing found"]);
  });

  test("have codes that can be listed", () => {
    const codes = [
      { code: "a", severity: "error", means: "x", fix: "do x" },
      { code: "bcd", severity: "warning", means: "y", fix: "do y" },
    ] as const;
    expect(drawCodes(codes, PLAIN)).toEqual([
      "a    error    x",
      "              fix: do x",
      "bcd  warning  y",
      "              fix: do y",
    ]);
  });
});
