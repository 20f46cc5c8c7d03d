import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import Type from "typebox";
import { Parse } from "typebox/value";
import { connect } from "../../scripts/cluster/kube/connection.ts";
import { CASES } from "./kubeconfig-cases.ts";
import { Outcome, Trial } from "./world.ts";

/** The behaviour of the real kubectl, recorded by `bun test/kubectl/record-kubectl.ts`. */
const Recorded = Type.Object({ kubectl: Type.String(), outcomes: Type.Record(Type.String(), Outcome) });
const { outcomes } = Parse(Recorded, await Bun.file(join(import.meta.dir, "fixtures/outcomes.json")).json());

let trial: Trial;
beforeAll(async () => {
  trial = await Trial.start();
});
afterAll(() => trial[Symbol.asyncDispose]());

test("each kubeconfig of the table was tried with kubectl", () => {
  expect(Object.keys(outcomes).sort()).toEqual(CASES.map(({ name }) => name).sort());
});

test.each(CASES.map((each) => [each.name, each] as const))("as with kubectl: %s", async (name, each) => {
  const outcome = await trial.run(each, async (env) => {
    const before = { ...process.env };
    Object.assign(process.env, env);
    try {
      const connection = connect({ env, timeoutMs: 5_000 });
      return (await connection.send("/readyz")).status === 200;
    } catch {
      return false;
    } finally {
      for (const key of Object.keys(env)) {
        if (before[key] === undefined) delete process.env[key];
        else process.env[key] = before[key];
      }
    }
  });
  if (each.stricter === undefined) expect(outcome).toEqual(outcomes[name]!);
  else expect(outcome).toEqual({ answered: false, sent: [], proxied: [], plugin: null });
});
