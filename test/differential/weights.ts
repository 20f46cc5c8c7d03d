import fc from "fast-check";
import { chiSquare, chiSquareLimit } from "../../scripts/traffic/testing/chi-square.ts";
import { seededRandom } from "../../scripts/traffic/random.ts";
import type { Rule } from "./cases.ts";
import { REVISIONS } from "./echo-names.ts";
import { eachAtOnce } from "./each-at-once.ts";
import type { EnvoySide } from "./envoy-side.ts";
import { commonManifests, hostOf, tableManifest } from "./manifests.ts";
import { type LocalEchoes, MeshSide, tableOf } from "./mesh-side.ts";
import type { Answer } from "./answer-schema.ts";

const REQUESTS = 1_000;

interface Shares {
  weights: number[];
  /** The percentage of requests that are aborted before a destination is drawn. */
  aborted: number;
}

const shares: fc.Arbitrary<Shares> = fc.record({
  weights: fc.array(fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constantFrom(0, 1, 1_000)), {
    minLength: 2,
    maxLength: REVISIONS.length,
  }),
  aborted: fc.constantFrom(0, 0, 5, 33.3, 60),
});

/** Sends a thousand requests to each table on both sides; returns a sentence for each side whose shares differ from the weights. */
export async function checkWeights(
  tables: number,
  seed: number,
  envoy: EnvoySide,
  echoes: LocalEchoes,
): Promise<{ requests: number; wrong: string[] }> {
  const run = crypto.randomUUID().slice(0, 6);
  const all = fc
    .sample(shares, { seed, numRuns: tables })
    .map((one) => (one.weights.every((weight) => weight === 0) ? { ...one, weights: [1, 1] } : one));
  const named = new Map(all.map((one, i) => [`w${run}-${i}`, one]));
  await envoy.use(new Map([...named].map(([name, one]) => [name, rulesOf(one)])));
  const wrong: string[] = [];
  let requests = 0;
  await eachAtOnce(4, [...named], async ([name, one]) => {
    using mesh = new MeshSide(tableOf([...commonManifests(), tableManifest(name, rulesOf(one))]), echoes);
    mesh.draw = seededRandom(seed);
    const expected = expectedOf(one);
    for (const [side, way] of [
      ["the mesh", mesh],
      ["Envoy", envoy],
    ] as const) {
      const counts = new Map<string, number>();
      for (let i = 0; i < REQUESTS; i++) {
        const wish = { method: "GET", target: "/", headers: [], body: "" };
        const who = drawnBy(await way.ask(hostOf(name), wish, `${name}-${i}`));
        counts.set(who, (counts.get(who) ?? 0) + 1);
        requests++;
      }
      const keys = [...new Set([...expected.keys(), ...counts.keys()])];
      const distance = chiSquare(
        keys.map((key) => counts.get(key) ?? 0),
        keys.map((key) => expected.get(key) ?? 0),
      );
      if (distance > chiSquareLimit(Math.max(1, expected.size - 1)))
        wrong.push(
          `${side} sends ${JSON.stringify([...counts])} where ${JSON.stringify([...expected])} is written`,
        );
    }
  });
  await envoy.forget(named.keys());
  return { requests, wrong };
}

function rulesOf({ weights, aborted }: Shares): Rule[] {
  const route = weights.map((weight, i) => ({ destination: { host: REVISIONS[i] }, weight }));
  const fault = { abort: { percentage: { value: aborted }, httpStatus: 418 } };
  return [{ ...(aborted > 0 ? { fault } : {}), route }];
}

function expectedOf({ weights, aborted }: Shares): Map<string, number> {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const expected = new Map<string, number>();
  if (aborted > 0) expected.set("418", aborted);
  for (const [i, weight] of weights.entries()) {
    if (weight > 0) expected.set(REVISIONS[i] ?? "", ((100 - aborted) * weight) / total);
  }
  return expected;
}

function drawnBy({ status, seen }: Answer): string {
  return seen?.revision ?? String(status);
}
