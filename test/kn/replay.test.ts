import { expect, test } from "bun:test";
import { join } from "node:path";
import Type from "typebox";
import { Parse } from "typebox/value";
import { planChange, Refused } from "../../scripts/engines/plan-change.ts";
import { FakeEngine } from "../../scripts/engines/testing/fake-engine.ts";
import { asSplit, asTraffic, type KnTarget, withDefaults } from "../../scripts/traffic/kn/target.ts";
import type { Case } from "./commands.ts";
import { flagsOf, kycAnswer, knAnswer } from "./kyc-side.ts";
import { Answer, KN, Target } from "./real-kn.ts";

/** The real kn's results, recorded by `bun test/kn/compare-with-kn.ts --record`. The first line names the version. */
const Version = Type.Object({ kn: Type.String() });
const Recorded = Type.Object({
  of: Type.Object({
    service: Type.String(),
    spec: Type.Array(Target),
    status: Type.Array(Target),
    revisions: Type.Array(Type.String()),
    latest: Type.Optional(Type.String()),
    args: Type.Array(Type.String()),
  }),
  answer: Answer,
});

const [version = "", ...lines] = (await Bun.file(join(import.meta.dir, "fixtures/answers.jsonl")).text())
  .trimEnd()
  .split("\n");
const recorded = lines.map((line) => Parse(Recorded, JSON.parse(line)));

test("a split is changed or refused exactly as by the real kn", () => {
  let taken = 0;
  for (const { of, answer } of recorded) {
    expect({ of, answer: kycAnswer(of) }).toEqual({ of, answer: knAnswer(answer) });
    if (answer.traffic !== undefined && answer.webhook === undefined) taken++;
  }
  expect(taken).toBeGreaterThan(40);
  expect(recorded.length - taken).toBeGreaterThan(100);
});

test("an engine refuses what kn accepts only if --allow-missing or --force would accept it", async () => {
  let safer = 0;
  for (const { of, answer } of recorded) {
    // An invalid list is refused earlier, and a running engine has a ready revision.
    const { latest } = of;
    const flags = flagsOf(of);
    if (typeof flags === "string" || latest === undefined) continue;
    const engine = new EngineOf(of, latest);
    const plan = async (isAllowed: boolean): Promise<KnTarget[] | string> => {
      try {
        const options = { flags, allowMissing: isAllowed, force: isAllowed };
        return asTraffic((await planChange(engine, options)).after);
      } catch (error) {
        if (error instanceof Refused) return error.message;
        throw error;
      }
    };
    const wanted = knAnswer(answer);
    const allowed = await plan(true);
    const kept = await plan(false);
    if (typeof wanted === "string") {
      // Advice may follow kn's message.
      expect(allowed).toStartWith(wanted);
      expect(kept).toBeString();
      continue;
    }
    expect({ of, allowed }).toEqual({ of, allowed: wanted });
    if (typeof kept !== "string") expect(kept).toEqual(wanted);
    else {
      expect(kept).toContain("Nothing was changed; --allow-missing writes it anyway, as kn does.");
      safer++;
    }
  }
  expect(safer).toBeGreaterThan(10);
});

test("the recorded version is the one of the next recording", () => {
  expect(Parse(Version, JSON.parse(version)).kn).toBe(KN);
});

/** An engine that carries the split of a case. */
class EngineOf extends FakeEngine {
  override readonly service: string;
  readonly #observed: KnTarget[];
  readonly #latest: string;

  constructor({ service, spec, status, revisions }: Case, latest: string) {
    super();
    this.service = service;
    this.targets = asSplit(withDefaults(spec), latest);
    this.states = revisions.map((name) => ({ name, ready: true, reason: undefined }));
    this.#observed = status;
    this.#latest = latest;
  }

  async status(): Promise<{ traffic: KnTarget[]; latest: string }> {
    return { traffic: this.#observed, latest: this.#latest };
  }
}
