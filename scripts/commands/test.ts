import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { EXIT } from "../exit.ts";
import { PROJECT } from "../project.ts";
import { print } from "../text/print.ts";

/** `kyc test`: runs the tests and ends with the line `N passed, N failed`. */
export function testCommand(): Command {
  return new Command("test")
    .description("runs all tests, or those in the given files")
    .argument("[files...]", "test files, or parts of their paths")
    .option("-t, --test-name-pattern <regex>", "runs only the tests whose names match")
    .addHelpText(
      "after",
      `
Examples:
  ./kyc test                      all tests
  ./kyc test scripts/mesh         the tests of one folder
  ./kyc test -t "chi-square"      the tests whose names contain this

The browser tests use Chromium or Chrome, found by name or by $CHROMIUM; without one they are skipped.`,
    )
    .action(async (files: string[], options: { testNamePattern?: string }) => {
      process.exitCode = await runTests(files, options.testNamePattern);
    });
}

/**
 * How long one test may take. Bun's own limit of 5 s is too short for tests that start processes on a busy machine,
 * and `setDefaultTimeout` in a preload reaches the first test file only.
 */
const TIMEOUT_MS = 120_000;

/** The durations of the slow test files, so that they start first. */
const TIMINGS = "test/timings.json";

/** Runs `bun test` and prints the totals; the exit code. */
async function runTests(files: string[], pattern: string | undefined): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "kyc-test-"));
  const report = join(folder, "junit.xml");
  try {
    const args = [
      "test",
      "--timeout",
      String(TIMEOUT_MS),
      // One more than processors, because tests that start processes wait for them. Each worker loads a module once for all
      // of its files, which takes half the time of a fresh global object per file.
      `--parallel=${availableParallelism() + 1}`,
      "--no-isolate",
      `--timings=${TIMINGS}`,
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      ...files,
    ];
    if (pattern !== undefined) args.push("--test-name-pattern", pattern);
    const child = Bun.spawn([process.execPath, ...args], {
      cwd: PROJECT,
      // Without the name that this process was called by, because tests use another one.
      env: process.env,
      stdio: ["inherit", "inherit", "inherit"],
    });
    const relay = (signal: NodeJS.Signals): unknown => child.kill(signal);
    process.on("SIGINT", relay).on("SIGTERM", relay);
    const code = await child.exited;
    const totals = countResults(await readFile(report, "utf8").catch(() => ""));
    // A run that was cut short, or found no test, has not passed.
    const failed = code !== 0 && totals.failed === 0 ? 1 : totals.failed;
    if (totals.skipped > 0) print(`${totals.skipped} skipped`);
    print(`${totals.passed} passed, ${failed} failed`);
    if (child.signalCode === "SIGINT" || child.signalCode === "SIGTERM") return EXIT.interrupted;
    return failed === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** The totals of a JUnit report; zeros for an empty one. */
export function countResults(junit: string): Totals {
  const root = /<testsuites\b[^>]*>/.exec(junit)?.[0] ?? "";
  const count = (name: string): number => Number(new RegExp(`\\b${name}="([0-9]+)"`).exec(root)?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  const skipped = count("skipped");
  return { passed: count("tests") - failed - skipped, failed, skipped };
}
