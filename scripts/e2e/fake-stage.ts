import type { Deployed } from "../cluster/deploy/deploy.ts";
import { FakeCluster } from "../cluster/testing/fake-cluster.ts";
import type { Stage } from "./scenario.ts";

/** A fake stage that records messages and deployments. */
export interface FakeStage extends Stage {
  readonly told: string[];
  /** The folders of each deployment. */
  readonly deployed: string[];
}

/** A stage whose deployments change nothing. */
export function fakeStage(given: Partial<Stage> = {}): FakeStage {
  const told: string[] = [];
  const deployed: string[] = [];
  return {
    kube: new FakeCluster().kube,
    namespace: "kyc",
    root: "/nonexistent",
    ingress: "http://127.0.0.1:1",
    images: [],
    signal: new AbortController().signal,
    report: (what) => told.push(what),
    async deploy(folders): Promise<Deployed> {
      deployed.push(folders.join(" "));
      return { changes: [], conflicts: [] };
    },
    takeBack: async () => [],
    told,
    deployed,
    ...given,
  };
}
