import { expect, test } from "bun:test";
import { join } from "node:path";
import { PROJECT } from "../scripts/project.ts";

/** Names that only this repository's case has. */
const OWN = /credit-check|kyc-aggregator|kyc\/v1|x-kyc-revision|kyc-credit-check|kyc\.svc/;

/** Tests and their helpers. */
const TESTS = /\.test\.ts$|\/testing\/|\/fake-/;

/** The parts of `scripts/` that may name this case, with the reason. The test fails for any other file. */
const OF_THE_CASE: Readonly<Record<string, string>> = {
  "e2e/": "tests this repository's own system on a cluster",
  "bench/http/": "measures this repository's own services",
  "commands/dialects/equal.ts": "the default of --revision-header, which any other value replaces",
  "release/try-program.ts": "tries the program of a release on the files of this repository",
};

test("scripts/ works on the files of any team: no code, comment or help text names this repository's case", async () => {
  const found: string[] = [];
  for await (const file of new Bun.Glob("**/*.ts").scan(join(PROJECT, "scripts"))) {
    if (TESTS.test(file) || Object.keys(OF_THE_CASE).some((part) => file.startsWith(part))) continue;
    if (OWN.test(await Bun.file(join(PROJECT, "scripts", file)).text())) found.push(file);
  }
  expect(found.sort()).toEqual([]);
});

test.each(Object.keys(OF_THE_CASE))("%s is listed because it names the case", async (part) => {
  const texts: string[] = [];
  for await (const file of new Bun.Glob(part.endsWith("/") ? `${part}**/*.ts` : part).scan(
    join(PROJECT, "scripts"),
  ))
    texts.push(await Bun.file(join(PROJECT, "scripts", file)).text());
  expect(texts.some((text) => OWN.test(text))).toBe(true);
});
