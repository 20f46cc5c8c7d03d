import { join } from "node:path";
import { readDocuments } from "../../manifests/read.ts";
import { deploy } from "../deploy/deploy.ts";
import { runKnative } from "../deploy/fake-knative.ts";
import type { FakeCluster } from "../testing/fake-cluster.ts";
import { knativeCluster } from "../workload/fake-objects.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");

/** A cluster to which folders of this repository were deployed, and where Knative has made of them what it makes. */
export async function deployedCluster(...folders: readonly string[]): Promise<FakeCluster> {
  const cluster = knativeCluster();
  runKnative(cluster);
  await deployTo(cluster, folders);
  return cluster;
}

/** Deploys folders of this repository to a cluster on which Knative is played. */
export async function deployTo(cluster: FakeCluster, folders: readonly string[]): Promise<void> {
  const { documents } = await readDocuments(REPOSITORY, folders);
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
