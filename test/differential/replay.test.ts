import { expect, test } from "bun:test";
import { join } from "node:path";
import Type from "typebox";
import { Parse } from "typebox/value";
import { eachAtOnce } from "./each-at-once.ts";
import { compared, RECORDED } from "./differ.ts";
import { commonManifests, hostOf, tableManifest } from "./manifests.ts";
import { LocalEchoes, MeshSide, tableOf } from "./mesh-side.ts";
import { Answer } from "./answer-schema.ts";

/** Tables, and the answers of Istio 1.31 with Envoy 1.40, recorded by `bun test/differential/run.ts --record`. */
const Recorded = Type.Object({
  rules: Type.Array(Type.Record(Type.String(), Type.Unknown())),
  requests: Type.Array(
    Type.Object({
      method: Type.String(),
      target: Type.String(),
      headers: Type.Array(Type.Tuple([Type.String(), Type.String()])),
      body: Type.String(),
    }),
  ),
  answers: Type.Array(Answer),
});

const file = Bun.file(join(import.meta.dir, "fixtures/answers.jsonl"));
const recorded = (await file.text())
  .trimEnd()
  .split("\n")
  .map((line) => Parse(Recorded, JSON.parse(line)));

/** How often a request with a different answer is retried alone, because a busy machine may exceed its time limit. */
const AGAIN = 5;

test("the mesh answers as Envoy did", async () => {
  using echoes = new LocalEchoes();
  let answered = 0;

  /** Sends all requests of a table, or the given ones, and returns the indices and differences of those that differ. */
  async function differing(
    i: number,
    round: number,
    only?: ReadonlySet<number>,
  ): Promise<Map<number, unknown>> {
    const { rules, requests, answers } = recorded[i] ?? { rules: [], requests: [], answers: [] };
    using mesh = new MeshSide(tableOf([...commonManifests(), tableManifest(RECORDED, rules)]), echoes);
    const found = new Map<number, unknown>();
    for (const [j, wish] of requests.entries()) {
      if (only?.has(j) === false) continue;
      const answer = answers[j];
      if (answer === undefined) throw new Error(`table ${i} has no answer to request ${j}`);
      const result = await compared(mesh, hostOf(RECORDED), wish, `${i}-${j}-${round}`, answer);
      if ("what" in result) found.set(j, { what: result.what, table: i, wish, answer, mesh: result.mesh });
      answered++;
    }
    return found;
  }

  const first = new Map<number, Map<number, unknown>>();
  await eachAtOnce(4, [...recorded.keys()], async (i) => void first.set(i, await differing(i, 0)));
  const differences: unknown[] = [];
  for (let [i, found] of first) {
    // Each round has its own names, because the echoes count the tries of each request.
    for (let round = 1; round <= AGAIN && found.size > 0; round++)
      found = await differing(i, round, new Set(found.keys()));
    differences.push(...found.values());
  }
  expect(differences).toEqual([]);
  expect(answered).toBeGreaterThan(400);
}, 240_000);
