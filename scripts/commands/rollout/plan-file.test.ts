import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sampleToRun } from "../../../test/sample.ts";
import { RolloutFile } from "../../manifests/rollout-file.ts";
import { kycAt } from "../testing/kyc-process.ts";
import { rolloutCommand } from "../rollout.ts";
import { applyRolloutFile } from "./plan-file.ts";

let sample: Awaited<ReturnType<typeof sampleToRun>>;
let path = "";
beforeAll(async () => {
  sample = await sampleToRun();
  await mkdir(join(sample.root, "rollouts"));
  path = join(sample.root, "rollouts/credit-check.yaml");
});
afterAll(() => sample[Symbol.asyncDispose]());

const FILE = `service: credit-check
to: advanced
steps: [10, 100]
stepTime: 5s
notBetween: [Fri 16:00-Mon 08:00 Europe/Berlin]
tolerateLatency: 50%
control: 0%
`;

/** The flags of a rollout with a plan in a file and arguments. */
async function flagsOf(text: string, ...args: string[]): Promise<Record<string, unknown>> {
  await writeFile(path, text);
  const command = rolloutCommand().exitOverride();
  let service = "";
  command.action(async (named: string | undefined) => {
    service = await applyRolloutFile(command, path, named);
  });
  await command.parseAsync(["--file", path, ...args], { from: "user" });
  return { ...command.opts<Record<string, unknown>>(), service };
}

describe("the file of a rollout", () => {
  test("sets the flags, in their units", async () => {
    expect(await flagsOf(FILE)).toMatchObject({
      service: "credit-check",
      to: "advanced",
      steps: [10, 100],
      stepTime: 5_000,
      notBetween: ["Fri 16:00-Mon 08:00 Europe/Berlin"],
      tolerateLatency: 0.5,
      control: 0,
      bake: 120_000,
    });
  });

  test("has only fields that are flags", () => {
    const flags = rolloutCommand().options.map((option) => option.attributeName());
    const fields = Object.keys(RolloutFile.properties).filter((name) => name !== "service");
    expect(fields.filter((name) => !flags.includes(name))).toEqual([]);
  });

  test("is overridden by the command line, which reports the differences", async () => {
    expect(await flagsOf(FILE, "--steps", "50,100")).toMatchObject({ steps: [50, 100], to: "advanced" });
    await writeFile(path, FILE);
    const shown = await kycAt(sample.root, [
      ...["rollout", "--file", "rollouts/credit-check.yaml", "--to", "v9", "--step-time", "5s"],
      ...["--engine", "local", "--dry-run"],
    ]);
    expect(shown.code).toBe(2);
    expect(shown.err).toContain(
      "--to on the command line goes before rollouts/credit-check.yaml, which has advanced\n",
    );
    expect(shown.err).not.toContain("--step-time");
    expect(shown.err).toContain("credit-check has no tag and no revision v9");
  });

  test.each([
    [FILE.replace("stepTime: 5s", "stepTime: 5 parsecs"), ":4:11: error: stepTime"],
    [FILE.replace("to: advanced\n", ""), "error: to"],
    [FILE.replace("steps:", "stepps:"), "did you mean steps?"],
    ["", "is empty"],
  ])("is refused with its line if it is wrong: %#", async (text, message) => {
    expect(flagsOf(text)).rejects.toThrow(message);
  });

  test("applies to one service", async () => {
    expect(flagsOf(FILE, "kyc-aggregator")).rejects.toThrow("is about credit-check, and not about kyc-agg");
  });

  test("is checked by lint, with the names in it", async () => {
    await writeFile(path, FILE.replace("advanced", "advancd").replace("[10, 100]", "[10, 50]"));
    const { out } = await kycAt(sample.root, ["lint"]);
    expect(out).toContain("rollouts/credit-check.yaml:2:5");
    expect(out).toContain("did you mean advanced?");
    expect(out).toContain("the steps 10, 50 do not rise to 100");
  });
});
