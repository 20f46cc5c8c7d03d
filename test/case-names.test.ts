import { expect, test } from "bun:test";
import { join } from "node:path";
import { PROJECT } from "../scripts/project.ts";

/** Names of this repository's own case, which no other team has. */
const OWN = /credit-check|kyc-aggregator|kyc\/v1|x-kyc-revision|kyc-credit-check|kyc\.svc/;

/** Code about this case: its end-to-end test, its benchmarks, and what stands beside tests. */
const OF_THE_CASE = /\.test\.ts$|\/testing\/|\/fake-|^e2e\/|^bench\/|testing\.ts$|deployed-cluster\.ts$/;

/** Files that name the case in code, and why. Another one makes the test fail. */
const KNOWN: Readonly<Record<string, string>> = {
  "commands/dialects/equal.ts": "the default of --revision-header, which any other value replaces",
  "release/try-program.ts": "tries the program of a release on the files of this repository",
};

/** Code without comments, and without the lines of help texts, which show examples. */
function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .split("\n")
    .filter((line) => !/^\s*\/\/|\.\/kyc |such as |, as |--host kyc/.test(line))
    .join("\n");
}

test("scripts/ works on the files of any team: it has no name of this repository's case", async () => {
  const found: string[] = [];
  for await (const file of new Bun.Glob("**/*.ts").scan(join(PROJECT, "scripts"))) {
    if (OF_THE_CASE.test(file) || file in KNOWN) continue;
    if (OWN.test(codeOf(await Bun.file(join(PROJECT, "scripts", file)).text()))) found.push(file);
  }
  expect(found.sort()).toEqual([]);
});
