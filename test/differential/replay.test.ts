import { expect, test } from "bun:test";
import { join } from "node:path";
import Type from "typebox";
import { Parse } from "typebox/value";
import { eachAtOnce } from "./each-at-once.ts";
import { compared, RECORDED } from "./differ.ts";
import { commonManifests, hostOf, tableManifest } from "./manifests.ts";
import { LocalEchoes, MeshSide, tableOf } from "./mesh-side.ts";
import { Answer } from "./answer-schema.ts";

/** Tables, and what Istio 1.31 with Envoy 1.40 answered; `bun test/differential/run.ts --record` makes them anew. */
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

test("the mesh answers as Envoy did, as far as the answers say", async () => {
  using echoes = new LocalEchoes();
  const differences: unknown[] = [];
  let answered = 0;
  await eachAtOnce(8, [...recorded.entries()], async ([i, { rules, requests, answers }]) => {
    using mesh = new MeshSide(tableOf([...commonManifests(), tableManifest(RECORDED, rules)]), echoes);
    for (const [j, wish] of requests.entries()) {
      const answer = answers[j];
      if (answer === undefined) throw new Error(`table ${i} has no answer to request ${j}`);
      const result = await compared(mesh, hostOf(RECORDED), wish, `${i}-${j}`, answer);
      if ("what" in result)
        differences.push({ what: result.what, table: i, wish, answer, mesh: result.mesh });
      answered++;
    }
  });
  expect(differences).toEqual([]);
  expect(answered).toBeGreaterThan(400);
}, 120_000);
