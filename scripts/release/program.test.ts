import { expect, test } from "bun:test";
import { kyc, kycAt, PROGRAM } from "../commands/testing/kyc-process.ts";
import { PROJECT } from "../project.ts";

// `kyc` runs the sources; `kycAt` the compiled program, if `./kyc test` has made one.
test
  .skipIf(PROGRAM.length > 1)
  .each([
    "--version",
    "--help",
    "rollout --help",
    "lint",
    "equal istio/split/by-knative istio/split/by-istio",
    "render virtual-service -f knative --form tags",
    "split credit-check --engine local --traffic basic=90,advancd=10",
    "lnit",
  ])("the compiled program prints the same as the sources: %s", async (line) => {
  const args = line.split(" ");
  const [compiled, sources] = await Promise.all([kycAt(PROJECT, args), kyc(...args)]);
  expect(compiled).toEqual(sources);
});
