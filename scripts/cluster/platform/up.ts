import { type ClusterOptions, clusterStep } from "./steps/cluster.ts";
import { domainStep } from "./steps/domain.ts";
import { imagesStep } from "./steps/images.ts";
import { istioStep } from "./steps/istio.ts";
import { knativeStep } from "./steps/knative.ts";
import { networkingStep } from "./steps/networking.ts";
import { sidecarStep } from "./steps/sidecars.ts";
import type { Step } from "./step.ts";

export interface UpOptions extends ClusterOptions {
  /** The project's folder. */
  root: string;
}

/** The steps that make a cluster ready to run the system, with its images on the nodes. */
export function platformSteps(options: UpOptions): Step[] {
  return [
    clusterStep(options),
    istioStep,
    knativeStep,
    networkingStep,
    domainStep,
    sidecarStep,
    imagesStep(options.root),
  ];
}
