import { expect, spyOn, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { choose, withSample } from "../../../test/sample.ts";
import { serviceContext } from "../../cluster/kube/service-context.ts";
import { FakeEngine, fakeSource, targetsOf } from "../../engines/testing/fake-engine.ts";
import { SplitFiles } from "../../engines/write-back.ts";
import { fileStore } from "../../rollout/audit/file-store.ts";
import { signedStore } from "../../rollout/audit/signed-store.ts";
import { type Command, initialState } from "../../rollout/machine/state.ts";
import { FileLock } from "../../rollout/lock/file-lock.ts";
import { MemoryJournal } from "../../rollout/testing/memory-journal.ts";
import { rolloutCommand } from "../rollout.ts";
import { drive } from "./carry-out.ts";
import type { RolloutContext } from "./context.ts";
import type { RolloutFlags } from "./flags.ts";
import { Interrupts } from "./interrupts.ts";
import { planOf } from "./start-rollout.ts";

const FILE = "knative/credit-check/2-advanced.yaml";
/** The credit check of a cluster, with all traffic on basic. */
class CreditCheck extends FakeEngine {
  override readonly service = "credit-check";
  override targets = targetsOf({ basic: 100, advanced: 0 }, "credit-check");
  override states = this.targets.map(({ revision }) => ({ name: revision, ready: true, reason: undefined }));
}

async function flagsOf(root: string): Promise<RolloutFlags> {
  const command = rolloutCommand()
    .exitOverride()
    .action(() => {});
  const args = [
    "credit-check",
    "--to",
    "advanced",
    "--write",
    "--bake",
    "1s",
    "--control",
    "0%",
    "--dir",
    root,
  ];
  await command.parseAsync(args, { from: "user" });
  return command.opts<RolloutFlags>();
}

/**
 * Runs a rollout on a cluster with one command, and with the sample's files, whose split is 50 and 50.
 * @returns the lines of its output, and the file of the split
 */
async function rolledOut(asks: Command, edit: (engine: CreditCheck) => void = () => {}) {
  let result = { code: -1, out: [""], err: "", before: "", after: "" };
  const [out, err] = [spyOn(console, "log"), spyOn(process.stderr, "write")];
  out.mockImplementation(() => {});
  err.mockImplementation(() => true);
  try {
    await withSample([choose("by-knative")], async (root) => {
      const engine = new CreditCheck();
      const auditPlace = join(root, ".kyc/audit.ndjson");
      const context: RolloutContext = {
        engine,
        source: fakeSource(new Map()),
        because: undefined,
        journal: new MemoryJournal(),
        lock: new FileLock(join(root, ".kyc/lock"), engine.service),
        audit: signedStore(auditPlace, fileStore(auditPlace)),
        auditPlace,
        reports: join(root, ".kyc/reports"),
        evidence: join(root, ".kyc/evidence"),
        checkPrometheus: undefined,
        warm: undefined,
        files: await SplitFiles.open(serviceContext({ service: engine.service, root })),
        who: "ann",
        beatMs: 10,
        kube: undefined,
      };
      const flags = await flagsOf(root);
      const plan = await planOf(context, engine.service, "advanced", flags);
      const { targets, version } = plan.original;
      const first = { seq: 0, event: null, state: initialState({ targets, version }, plan.atMs) };
      await context.journal.begin(plan, first);
      const before = await readFile(join(root, FILE), "utf8");
      edit(engine);
      const held = await context.lock.acquire("ann");
      const interrupts = new Interrupts("ann");
      const options = {
        context,
        plan,
        entries: [first],
        checkpoint: undefined,
        held,
        flags,
        interrupts,
        asks,
      };
      let code: number;
      try {
        code = await drive(options);
      } finally {
        interrupts.end();
        await held.release();
      }
      const after = await readFile(join(root, FILE), "utf8");
      result = {
        code,
        out: out.mock.calls.map(([line]) => String(line)),
        err: err.mock.calls.map(([text]) => String(text)).join(""),
        before,
        after,
      };
    });
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
  return result;
}

const withPercents = (text: string, basic: number, advanced: number): string =>
  text.replace("percent: 50", `percent: ${basic}`).replace("percent: 50", `percent: ${advanced}`);

test("kyc rollout --write writes the split of a promoted candidate into the files", async () => {
  const { code, out, before, after } = await rolledOut("promote");
  expect(code).toBe(0);
  expect(out.join("\n")).toContain(`Written to ${FILE}:`);
  expect(after).toBe(withPercents(before, 0, 100));
});

test("kyc rollout --write writes the original split after a rollback", async () => {
  const { code, out, before, after } = await rolledOut("abort");
  expect(code).toBe(1);
  expect(out.join("\n")).toContain(`Written to ${FILE}:`);
  expect(after).toBe(withPercents(before, 100, 0));
});

test("kyc rollout --write does not change the files while the rollout is held, and reports it", async () => {
  const { code, err, before, after } = await rolledOut("hold");
  expect(code).toBe(3);
  expect(err).toContain("The files do not have the split yet");
  expect(after).toBe(before);
});

test("kyc rollout --write reports a split that the files cannot express, and the outcome stands", async () => {
  const { code, err, before, after } = await rolledOut("promote", (engine) => {
    engine.header = "x-kyc-bucket";
  });
  expect(code).toBe(0);
  expect(err).toContain("The files do not have the split: --write: Knative splits requests at random");
  expect(after).toBe(before);
});
