import { InvalidManifests } from "../manifests/problem.ts";
import { readDocuments } from "../manifests/read.ts";
import { describeConflicts } from "../cluster/deploy/conflict.ts";
import { deployFiles } from "../cluster/deploy/deploy-files.ts";
import { deploy, type Deployed } from "../cluster/deploy/deploy.ts";
import { imagesOf } from "../cluster/images/ensure-images.ts";
import { findIngress } from "../cluster/ingress.ts";
import type { Kube } from "../cluster/kube/client.ts";
import { UserError } from "../cluster/user-error.ts";
import type { CheckResult } from "../cluster/verify/check.ts";
import { verify } from "../cluster/verify/verify.ts";
import { nextVersion } from "./next-version.ts";
import { podKilled, scaleFromZero } from "./pod-lifecycle.ts";
import { hardening } from "./hardening.ts";
import { runScenarios } from "./run-scenarios.ts";
import { QUIETLY, type Scenario, type Stage, WHOLE } from "./scenario.ts";
import { subsets } from "./subsets.ts";
import { shadowing } from "./shadowing.ts";
import { BY_ISTIO, BY_KNATIVE, splitScenario, switching } from "./splits.ts";
import { splitInGit } from "./split-in-git.ts";
import { strict } from "./strict-overlay.ts";
import { weightChanges } from "./weight-changes.ts";

export interface E2eOptions {
  kube: Kube;
  root: string;
  env: Readonly<Record<string, string | undefined>>;
  namespace: string;
  /** The ingress gateway's address; detected if undefined. */
  ingress: string | undefined;
  /** Only the scenarios whose names contain this, in any case. */
  only: string | undefined;
  /** Keeps the deployed objects at the end. */
  keep: boolean;
  signal: AbortSignal;
  onProgress(what: string): void;
  /** The results of one scenario, as soon as they are available. */
  onResults(results: CheckResult[]): void;
  /** Removes what was deployed; resolves with the names of the objects that remain. */
  takeBack(): Promise<string[]>;
}

/** The scenarios, in order; the last one removes what was deployed, unless it is kept. */
export function scenarios({ only, keep }: Pick<E2eOptions, "only" | "keep">): Scenario[] {
  const all: Scenario[] = [
    contract,
    splitScenario("Knative", BY_KNATIVE),
    splitScenario("Istio", BY_ISTIO),
    switching,
    weightChanges("Knative", BY_KNATIVE),
    weightChanges("Istio", BY_ISTIO),
    nextVersion,
    splitInGit,
    subsets,
    podKilled,
    scaleFromZero,
    hardening,
    strict,
    shadowing,
    twice,
    ...(keep ? [] : [goneAgain]),
  ];
  const wanted = only?.toLowerCase();
  return wanted === undefined ? all : all.filter(({ name }) => name.toLowerCase().includes(wanted));
}

/**
 * Runs the scenarios on a cluster. A failed scenario cleans up after itself, and the next one runs.
 * @throws NoIngress, ApiError, DeployFailed when not even the first deployment works
 */
export async function runE2e(options: E2eOptions): Promise<CheckResult[]> {
  const { kube, root, env, namespace, signal, onProgress } = options;
  onProgress("deploying");
  await deployFiles({ ...options, istio: "istio", buildImages: true, ...QUIETLY });
  const given = {
    kube,
    namespace,
    root,
    ingress: (await findIngress({ kube, given: options.ingress, signal })).url,
    images: await imagesOf(root, env),
    report: onProgress,
    takeBack: options.takeBack,
  };
  return runScenarios(scenarios(options), (until) => stageOf({ ...given, signal: until }), options);
}

const contract: Scenario = {
  name: "contract",
  run: ({ kube, root, namespace, ingress, signal }) =>
    verify({ kube, root, namespace, ingress, signal, requests: 1_000, onProgress: () => {} }),
};

/** A second deployment changes nothing. */
const twice: Scenario = {
  name: "deploying twice",
  async run(stage) {
    await stage.deploy(WHOLE);
    const { changes } = await stage.deploy(WHOLE);
    const changed = changes.filter(({ change }) => change === "created" || change === "changed");
    const seen = changed.map(({ object, change }) => `${object} ${change}`).join(", ") || "nothing";
    return [
      {
        group: "deploying twice",
        name: "changed by the second time",
        expected: "nothing",
        seen,
        ok: changed.length === 0,
      },
    ];
  },
};

const goneAgain: Scenario = {
  name: "down",
  async run({ takeBack }) {
    const left = await takeBack();
    const seen = left.join(", ") || "nothing";
    const name = "remaining objects";
    return [{ group: "down", name, expected: "nothing", seen, ok: left.length === 0 }];
  },
};

/** A stage with its deployments, which end with its signal. */
export function stageOf(given: Omit<Stage, "deploy">): Stage {
  return { ...given, deploy: (folders, change) => deployQuietly(given, folders, change) };
}

async function deployQuietly(
  { kube, root, namespace, images, signal }: Omit<Stage, "deploy">,
  folders: readonly string[],
  change: (object: unknown) => unknown = (object) => object,
): Promise<Deployed> {
  const read = await readDocuments(root, folders);
  const errors = read.problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new InvalidManifests(errors);
  const documents = read.documents.map((document) => ({ ...document, value: change(document.value) }));
  const deployed = await deploy({ kube, documents, images, namespace, signal, ...QUIETLY });
  if (deployed.conflicts.length > 0) throw new UserError(describeConflicts(deployed.conflicts));
  return deployed;
}
