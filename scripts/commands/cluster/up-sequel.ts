import { PROJECT } from "../../project.ts";
import type { Sequel } from "./up.ts";

/** What `up` does when the platform is ready: deploys what the files describe, and checks it. */
export const deployAndVerify: Sequel = {
  async steps({ namespace, ingress }) {
    const [{ deployStep }, { verifyStep }] = await Promise.all([
      import("../../cluster/platform/steps/deploy.ts"),
      import("../../cluster/platform/steps/verify.ts"),
    ]);
    return [deployStep({ root: PROJECT, namespace, ingress }), verifyStep({ namespace, ingress })];
  },
  async next(platform, { ingress }) {
    const { findIngress } = await import("../../cluster/ingress.ts");
    const { url } = await findIngress({ kube: platform.kube(), given: ingress });
    return [
      `\nThe system runs at ${url}; Swagger UI: ${url}/swagger`,
      `  curl '${url}/kyc/v1/customer?type=basicReport'`,
      "  ./kyc status -w          what runs, as it changes",
      "  ./kyc down               takes it all back",
    ];
  },
};
