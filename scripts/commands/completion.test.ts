import { describe, expect, test } from "bun:test";
import { kyc } from "./testing/kyc-process.ts";

describe("completion", () => {
  test.each([
    ["rol", ["rollout"]],
    ["rollout --on-un", ["--on-undecided"]],
    ["rollout --on-undecided ", ["hold", "advance", "abort"]],
    ["rollout credit-check --dir x --appr", ["--approve-at", "--approve"]],
    ["rollout verify-log --k", ["--key"]],
    ["bench so", ["soak"]],
    ["equal -o x --nothing-like-this", []],
  ])("in bash after `kyc %s`", async (line, expected) => {
    const { out } = await kyc("completion", "bash");
    const words = ["kyc", ...line.split(" ")];
    const list = words.map((word) => `'${word}'`).join(" ");
    const script = `${out}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _kyc; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = Bun.spawnSync(["bash", "-euo", "pipefail", "-c", script]);
    expect(stderr.toString()).toBe("");
    expect(stdout.toString().split("\n").filter(Boolean).sort()).toEqual([...expected].sort());
  });

  test.each(["zsh", "fish"])(
    "for %s is a script that the shell can read, if it is installed",
    async (shell) => {
      const { code, out } = await kyc("completion", shell);
      expect([code, out.includes("rollout")]).toEqual([0, true]);
      if (Bun.which(shell) === null) return;
      const checked = Bun.spawnSync([shell, shell === "zsh" ? "-fn" : "--no-execute"], {
        stdin: Buffer.from(out),
      });
      expect([checked.exitCode, checked.stderr.toString()]).toEqual([0, ""]);
    },
  );

  test("for an unknown shell is a usage error", async () => {
    const { code, err } = await kyc("completion", "tcsh");
    expect([code, err]).toEqual([2, expect.stringContaining("bash, zsh, fish")]);
  });
});

test("--version prints the version of the package", async () => {
  const { code, out } = await kyc("--version");
  expect([code, out]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
});
