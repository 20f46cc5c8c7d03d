import { SAMPLE } from "../../../test/sample.ts";
import { readDocuments } from "../../manifests/read.ts";
import { deploy } from "../deploy/deploy.ts";
import { runKnative } from "../deploy/fake-knative.ts";
import type { FakeCluster } from "../testing/fake-cluster.ts";
import { knativeCluster } from "../workload/fake-objects.ts";

/** A cluster to which folders of the sample were deployed, and where Knative has made of them what it makes. */
export async function deployedCluster(...folders: readonly string[]): Promise<FakeCluster> {
  const cluster = knativeCluster();
  runKnative(cluster);
  await deployTo(cluster, folders);
  return cluster;
}

/** Deploys folders, of the sample unless said otherwise, to a cluster on which Knative is played. */
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
