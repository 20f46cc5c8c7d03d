import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { distribution, revisionShares } from "./distribution.ts";
import { plainForward } from "./plain-forward.ts";
import { HeaderList, NO_CHANGE } from "../route-fields/headers/header-list.ts";
import { resolve, type RoutedRequest } from "./resolve.ts";
import { seededRandom } from "./random.ts";
import type { Backend, Destination, RouteTable, Rule } from "./table.ts";

const at = { file: "x.yaml", line: 1, column: 1 };

function destination(weight: number, backend: Backend, authority?: string): Destination {
  return {
    host: "h",
    port: 80,
    subset: undefined,
    weight,
    authority,
    request: NO_CHANGE,
    response: NO_CHANGE,
    backend,
  };
}

const rule = (destinations: Destination[]): Rule => ({ at, matches: [], action: plainForward(destinations) });

const revision = (name: string): Backend => ({ kind: "revision", revision: name });
const LOCAL: Backend = { kind: "listener", listener: "local-gateway" };
const none = { exact: new Map(), suffixes: [], any: undefined };

/** Some requests at `outer` go on to `inner` at the local gateway, which splits again. */
function table(outer: Destination[], inner: Destination[]): RouteTable {
  return {
    listeners: {
      ingress: { ...none, exact: new Map([["outer", [rule(outer)]]]) },
      "local-gateway": { ...none, exact: new Map([["inner", [rule(inner)]]]) },
      mesh: none,
    },
    backends: new Map(),
  };
}

const request = (): RoutedRequest => ({
  method: "GET",
  target: "/",
  authority: "outer",
  headers: new HeaderList(["host", "outer"]),
});

describe("the distribution of a request", () => {
  test("multiplies the shares along each way, exactly", () => {
    const routes = table(
      [destination(1, revision("a")), destination(2, LOCAL, "inner")],
      [destination(30, revision("b")), destination(70, revision("a"))],
    );
    const ways = distribution(routes, "ingress", request()).map(({ resolution, numerator, denominator }) => {
      return [
        resolution.kind === "revision" ? resolution.revision : resolution.kind,
        `${numerator}/${denominator}`,
      ];
    });
    expect(ways).toEqual([
      ["a", "1/3"],
      ["b", "60/300"],
      ["a", "140/300"],
    ]);
    expect([...revisionShares(routes, "ingress", request())]).toEqual([
      ["a", 1 / 3 + 140 / 300],
      ["b", 0.2],
    ]);
  });

  test("is one path of probability one if nothing is drawn", () => {
    const [only, ...others] = distribution(table([], []), "mesh", request());
    expect(others).toEqual([]);
    expect([only?.resolution.kind, only?.numerator, only?.denominator]).toEqual(["nowhere", 1n, 1n]);
  });

  test("sums to one, and agrees with many draws", () => {
    const weights = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(weights, weights, fc.integer(), (outer, inner, seed) => {
        const routes = table(
          outer.map((weight, i) =>
            i === 0 ? destination(weight, LOCAL, "inner") : destination(weight, revision(`r${i}`)),
          ),
          inner.map((weight, i) => destination(weight, revision(`r${i}`))),
        );
        const shares = revisionShares(routes, "ingress", request());
        expect([...shares.values()].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
        const random = seededRandom(seed);
        const draws = 2_000;
        const counts = new Map<string, number>();
        for (let i = 0; i < draws; i++) {
          const resolution = resolve(routes, "ingress", request(), random);
          const name = resolution.kind === "revision" ? resolution.revision : "";
          counts.set(name, (counts.get(name) ?? 0) + 1);
        }
        for (const [name, share] of shares) {
          // Six standard deviations.
          const spread = 6 * Math.sqrt(draws * share * (1 - share));
          expect(Math.abs((counts.get(name) ?? 0) - draws * share)).toBeLessThanOrEqual(spread + 1e-9);
        }
      }),
      { numRuns: 50 },
    );
  });
});
