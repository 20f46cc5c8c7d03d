import { UserError } from "../../user-error.ts";
import type { CheckResult } from "../../verify/check.ts";
import { verify } from "../../verify/verify.ts";
import type { Step } from "../step.ts";

// Enough to detect a split that is wrong by a tenth; ./kyc verify sends more.
const REQUESTS = 500;

export interface VerifyStepOptions {
  /** The folder that holds knative/, istio/ and checks.yaml. */
  root: string;
  namespace: string;
  /** The ingress gateway's address. @default detected */
  ingress: string | undefined;
}

/** Verifies the running system. Always run: an earlier result proves nothing. */
export function verifyStep({ root, namespace, ingress }: VerifyStepOptions): Step {
  return {
    name: "verify",
    title: "Checks",
    readsOnly: true,
    inspect: async () => ({ done: false, detail: "to be made" }),
    async run(platform, report) {
      const results = await verify({
        kube: platform.kube(),
        root,
        namespace,
        ingress,
        requests: REQUESTS,
        signal: platform.signal,
        onProgress: report,
      });
      const failed = results.filter(({ ok }) => !ok);
      if (failed.length === 0) return `all ${results.length} hold`;
      throw new UserError(
        [`${failed.length} of ${results.length} checks failed:`, ...failed.map(lineOf)].join("\n"),
      );
    },
  };
}

function lineOf({ group, name, expected, seen }: CheckResult): string {
  return `  ${group}, ${name}: expected ${expected}, seen ${seen}`;
}
