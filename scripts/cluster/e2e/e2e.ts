import { readDocuments } from "../../manifests/read.ts";
import { deploy, type Deployed } from "../deploy/deploy.ts";
import { deployFiles } from "../deploy/files.ts";
import { findIngress } from "../ingress.ts";
import { imagesOf } from "../images/ensure.ts";
import type { Kube } from "../kube/client.ts";
import { Unable } from "../unable.ts";
import type { CheckResult } from "../verify/check.ts";
import { verify } from "../verify/verify.ts";
import { podKilled, scaleFromZero } from "./life.ts";
import { nextVersion } from "./next-version.ts";
import type { Scenario, Stage } from "./scenario.ts";
import { BY_ISTIO, BY_KNATIVE, splitScenario, switching } from "./splits.ts";
import { weightChanges } from "./weight-changes.ts";

export interface E2eOptions {
  kube: Kube;
  root: string;
  env: Readonly<Record<string, string | undefined>>;
  namespace: string;
  /** The ingress gateway's address; found by trying when undefined. */
  ingress: string | undefined;
  /** Only the scenarios whose names contain this, in any case. */
  only: string | undefined;
  /** Leaves what is deployed at the end. */
  keep: boolean;
  signal: AbortSignal;
  onProgress(what: string): void;
  /** The results of one scenario, as soon as they are there. */
  onResults(results: CheckResult[]): void;
  /** Takes back what was deployed; what is left is told. */
  takeBack(): Promise<string[]>;
}

/** The scenarios, in order; the last takes back what was deployed, unless it is to be kept. */
export function scenarios({ only, keep }: Pick<E2eOptions, "only" | "keep">): Scenario[] {
  const all: Scenario[] = [
    contract,
    splitScenario("Knative", BY_KNATIVE),
    splitScenario("Istio", BY_ISTIO),
    switching,
    weightChanges("Knative", BY_KNATIVE),
    weightChanges("Istio", BY_ISTIO),
    nextVersion,
    podKilled,
    scaleFromZero,
    twice,
    ...(keep ? [] : [goneAgain]),
  ];
  const wanted = only?.toLowerCase();
  return wanted === undefined ? all : all.filter(({ name }) => name.toLowerCase().includes(wanted));
}

/**
 * Runs the scenarios against the real thing. A scenario that fails cleans up after itself, and the next one runs.
 * @throws NoIngress, ApiError, DeployFailed when not even the first deployment works
 */
export async function runE2e(options: E2eOptions): Promise<CheckResult[]> {
  const { kube, root, env, namespace, signal, onProgress } = options;
  const images = await imagesOf(root, env);
  const stage: Stage = {
    kube,
    namespace,
    root,
    ingress: "",
    images,
    signal,
    tell: onProgress,
    async deploy(folders, change) {
      await quietDeploy(stage, folders, change);
    },
    takeBack: options.takeBack,
  };
  onProgress("deploying");
  await deployFiles({ ...options, istio: "istio", buildImages: true, ...NO_EVENTS });
  const ingress = (await findIngress({ kube, given: options.ingress })).url;
  const results: CheckResult[] = [];
  for (const scenario of scenarios(options)) {
    signal.throwIfAborted();
    onProgress(scenario.name);
    const found = await runScenario(scenario, { ...stage, ingress });
    results.push(...found);
    options.onResults(found);
  }
  return results;
}

const WHOLE = ["knative", "istio"];

const NO_EVENTS = {
  forceConflicts: true,
  dryRun: false,
  timeoutMs: 180_000,
  events: { onChange() {}, onView() {}, onImage() {} },
};

async function runScenario(scenario: Scenario, stage: Stage): Promise<CheckResult[]> {
  const startedAt = performance.now();
  try {
    const results = await scenario.run(stage);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    stage.tell(`${scenario.name}: ${seconds} s`);
    return results;
  } catch (error) {
    if (stage.signal.aborted) throw error;
    const seen = error instanceof Error ? error.message : String(error);
    return [{ group: scenario.name, name: "runs to its end", expected: "yes", seen, ok: false }];
  } finally {
    // Also after Ctrl-C: what was changed is put back before the command ends.
    await scenario.clean?.({ ...stage, signal: new AbortController().signal }).catch((error: unknown) => {
      stage.tell(
        `cleaning up after ${scenario.name} failed: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
  }
}

async function quietDeploy(
  { kube, root, namespace, images, signal }: Stage,
  folders: readonly string[],
  change: (object: unknown) => unknown = (object) => object,
): Promise<Deployed> {
  const read = await readDocuments(root, folders);
  const documents = read.documents.map((document) => ({ ...document, value: change(document.value) }));
  const deployed = await deploy({ kube, documents, images, namespace, signal, ...NO_EVENTS });
  if (deployed.conflicts.length > 0)
    throw new Unable(`somebody else changes ${deployed.conflicts[0]?.object}`);
  return deployed;
}

const contract: Scenario = {
  name: "contract",
  run: ({ kube, namespace, ingress, signal }) =>
    verify({ kube, namespace, ingress, signal, requests: 1_000, onProgress: () => {} }),
};

/** A deployment that finds everything so already changes nothing, down to the objects' resourceVersions. */
const twice: Scenario = {
  name: "deploying twice",
  async run(stage) {
    await quietDeploy(stage, WHOLE);
    const { changes } = await quietDeploy(stage, WHOLE);
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
    const name = "left of what was deployed";
    return [{ group: "down", name, expected: "nothing", seen, ok: left.length === 0 }];
  },
};
