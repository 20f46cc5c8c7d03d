import { SAMPLE } from "../../../test/sample.ts";
import { readDocuments } from "../../manifests/read.ts";
import { deploy } from "../deploy/deploy.ts";
import { runKnative } from "../deploy/fake-knative.ts";
import type { FakeCluster } from "../testing/fake-cluster.ts";
import { knativeCluster } from "../workload/fake-objects.ts";

/** Returns a cluster with deployed folders of the sample, and with the objects that Knative creates for them. */
export async function deployedCluster(...folders: readonly string[]): Promise<FakeCluster> {
  const cluster = knativeCluster();
  runKnative(cluster);
  await deployTo(cluster, folders);
  return cluster;
}

/** Deploys folders, by default of the sample, to a cluster with a simulated Knative. */
export async function deployTo(
  cluster: FakeCluster,
  folders: readonly string[],
  root: string = SAMPLE,
): Promise<void> {
  const { documents } = await readDocuments(root, folders);
  await deploy({
    kube: cluster.kube,
    documents,
    namespace: "kyc",
    images: [],
    events: { onChange() {}, onView() {} },
    signal: new AbortController().signal,
    timeoutMs: 5_000,
    forceConflicts: false,
    dryRun: false,
  });
}
