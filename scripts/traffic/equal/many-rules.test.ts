import { describe, expect, test } from "bun:test";
import { parseDocuments } from "../../manifests/document.ts";
import { gateway, virtualService } from "../testing/sample-plans.ts";
import { compareDocuments } from "./compare-documents.ts";
import type { Comparison } from "./comparison.ts";

const RULES = 120;
const OTHER = 90;

interface OneRule {
  match: object[];
  route: object[];
}

/** Returns a rule for one path, exact or as a prefix. */
function rule(i: number, host = `s${i % 7}`): OneRule {
  const uri = i % 2 === 0 ? { prefix: pathOf(i) } : { exact: pathOf(i) };
  return { match: [{ uri }], route: [{ destination: { host, port: { number: 80 } } }] };
}

const pathOf = (i: number): string => `/service/${i}/items`;
const ALL = Array.from({ length: RULES }, (_, i) => rule(i));

function compared(a: OneRule[], b: OneRule[]): Comparison {
  const [ofA, ofB] = [a, b].map((http, i) => {
    const objects = [
      gateway("kyc", ["*"]),
      virtualService(http, { hosts: ["a.example"], gateways: ["kyc"] }),
    ];
    const documents = objects.flatMap((one) => parseDocuments("a.yaml", JSON.stringify(one)).documents);
    return { name: i === 0 ? "a" : "b", documents };
  });
  if (ofA === undefined || ofB === undefined) throw new Error("two sides are needed");
  const found = compareDocuments([ofA, ofB], { domain: "example.com", revisionHeader: undefined });
  if (found.kind !== "compared") throw new Error(found.kind);
  return found.comparison;
}

describe("many rules of one path each", () => {
  test("are one cell each, and one for all other paths", () => {
    expect(compared(ALL, ALL)).toMatchObject({ verdict: "equal", cells: RULES + 1 });
  });

  test("are equal in another order, since no path is a prefix of another", () => {
    expect(compared(ALL, ALL.toReversed()).verdict).toBe("equal");
  });

  test.each<[string, (one: OneRule, i: number) => OneRule[], string, string]>([
    ["one leads elsewhere", (one, i) => [i === OTHER ? rule(i, "other") : one], pathOf(OTHER), "other.kyc"],
    ["one is missing", (one, i) => (i === OTHER ? [] : [one]), pathOf(OTHER), "404 (no route)"],
    [
      "one follows another for its path",
      (one, i) => (i === 0 ? [rule(OTHER, "other"), one] : [one]),
      pathOf(OTHER),
      "other.kyc",
    ],
  ])("if %s, the counterexample is its path", (_, change, path, place) => {
    const { verdict, differences } = compared(ALL, ALL.flatMap(change));
    expect(verdict).toBe("different");
    expect(differences).toHaveLength(1);
    expect(differences[0]?.request.path).toBe(path);
    expect(differences[0]?.sides[0][0]?.place).toStartWith(`s${OTHER % 7}.kyc`);
    expect(differences[0]?.sides[1][0]?.place).toStartWith(place);
  });

  test("a prefix in place of an exact path differs by a longer path", () => {
    const wider = ALL.map((one, i) => (i === 1 ? { ...one, match: [{ uri: { prefix: pathOf(1) } }] } : one));
    const { verdict, differences } = compared(ALL, wider);
    expect(verdict).toBe("different");
    // Only the rule for /service/1/items covers the paths that begin with it.
    expect(differences[0]?.request.path).toMatch(/^\/service\/1\/items./);
  });
});
