import { type ClusterOptions, clusterStep } from "./cluster.ts";
import { domainStep } from "./domain.ts";
import { imagesStep } from "./images.ts";
import { istioStep } from "./istio.ts";
import { knativeStep } from "./knative.ts";
import { networkingStep } from "./networking.ts";
import { sidecarStep } from "./sidecars.ts";
import type { Step } from "../step.ts";

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
