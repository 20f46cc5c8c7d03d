import { clusterMirror } from "../shadow/mirror/cluster-mirror.ts";
import type { Mirror, MirrorRun } from "../shadow/mirror/mirror.ts";
import { readShadowFile } from "../shadow/mirror/shadow-file.ts";
import { runShadow } from "../shadow/run-shadow.ts";
import { originOf } from "../shadow/versions.ts";
import { type CheckResult, equalCheck } from "../cluster/verify/check.ts";
import { UserError } from "../cluster/user-error.ts";
import { SPLIT_OWNERS } from "../traffic/split-owner.ts";
import { askOf, BOTH_VERSIONS, CUSTOMER, describeFailures, statusOf, underLoad, untilWarm } from "./load.ts";
import { APPLICANT, placesOfApplicant } from "./personal-data.ts";
import { figure, type Scenario, type Stage, WHOLE } from "./scenario.ts";
import { applyStrict, takeStrictBack } from "./strict-overlay.ts";

const SERVICE = "credit-check";
/** A field of every answer. */
const DECIDED = "backgroundCheckPass";
const FOR_MS = 30_000;
const RATE = 20;
/** Applicants per second, in addition to the load, which has no applicants. */
const APPLICANTS = 5;

/**
 * Compares all requests in shadow under both engines, with and without the strict overlay: callers are not affected, pairs
 * are compared, no applicant data is written anywhere, and the mirror is removed at the end.
 */
export const shadowing: Scenario = {
  name: "comparing in shadow",
  async run(stage) {
    const results: CheckResult[] = [];
    for (const engine of Object.values(SPLIT_OWNERS)) {
      await stage.deploy([`istio/split/by-${engine.toLowerCase()}`]);
      results.push(...(await compared(stage, `by ${engine}`)));
    }
    for (const engine of Object.values(SPLIT_OWNERS)) {
      await applyStrict(stage, engine);
      results.push(...(await compared(stage, `strict, by ${engine}`)));
    }
    return results;
  },
  async clean(stage) {
    await (await mirrorOf(stage)).stop();
    await takeStrictBack(stage);
    await stage.deploy(WHOLE);
  },
};

/** The mirror of the cluster, with the shadow service's image of this deployment. */
export async function mirrorOf({ kube, namespace, root, images }: Stage): Promise<Mirror> {
  const shadow = await readShadowFile(root, SERVICE);
  return clusterMirror({
    kube,
    namespace,
    service: SERVICE,
    shadow,
    async image() {
      const found = images.find(({ name }) => name === shadow.name);
      if (found === undefined)
        throw new UserError(`functions/ has no ${shadow.name}, whose image is needed.`);
      return found.image;
    },
  });
}

/** A run that compares both versions. @param percent of the requests */
export function shadowRun({ namespace }: Pick<Stage, "namespace">, percent: number): MirrorRun {
  const origin = (tag: string) => originOf({ tag, revision: `${SERVICE}-${tag}` }, SERVICE, namespace);
  return {
    id: crypto.randomUUID().slice(0, 6),
    percent,
    env: {
      SHADOW_CONTROL: origin("basic"),
      SHADOW_CANDIDATE: origin("advanced"),
      SHADOW_REPEAT_PERCENT: "5",
    },
  };
}

async function compared(stage: Stage, when: string): Promise<CheckResult[]> {
  stage.report(`comparing in shadow, ${when}`);
  await untilWarm(stage, BOTH_VERSIONS);
  const mirror = await mirrorOf(stage);
  const places: string[] = [];
  const watched: Mirror = {
    ...mirror,
    async stop() {
      // The logs of the shadow service are deleted with it.
      try {
        places.push(...(await placesOfApplicant(stage)));
      } finally {
        await mirror.stop();
      }
    },
  };
  const statuses: number[] = [];
  let pairs = 0;
  const { results, failed } = await underLoad(stage, RATE, async () => {
    const { last } = await runShadow({
      mirror: watched,
      run: shadowRun(stage, 100),
      criteria: [],
      forMs: FOR_MS,
      toTheEnd: true,
      signal: stage.signal,
      async sleep(ms) {
        const answers = sendApplicants(stage, APPLICANTS);
        await Bun.sleep(ms);
        statuses.push(...(await answers));
      },
    });
    // A pair counts even if no version could be called; a field was in both answers.
    pairs = last?.counts.fields[DECIDED]?.pairs ?? 0;
  });
  const refused = statuses.filter((status) => status !== 200).length;
  const isThere = await mirror.isThere();
  const group = "comparing in shadow";
  return [
    { ...figure(group, `${when}: pairs of decisions compared`, pairs, ""), expected: "some", ok: pairs > 0 },
    {
      ...figure(group, `${when}: failed of ${results.length} requests`, failed.length, "", 0),
      seen: describeFailures(failed) || "0",
    },
    figure(group, `${when}: not answered of ${statuses.length} applicants`, refused, "", 0),
    equalCheck(group, `${when}: places with an applicant's data`, "nowhere", places.join("; ") || "nowhere"),
    equalCheck(group, `${when}: the mirror at the end`, "gone", isThere ? "still there" : "gone"),
  ];
}

/** Sends the applicant a number of times. @returns the statuses; 0 without a response */
async function sendApplicants(stage: Stage, count: number): Promise<number[]> {
  const ask = askOf(stage);
  return Promise.all(
    Array.from({ length: count }, (_, i) =>
      statusOf(ask, CUSTOMER, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...APPLICANT, applicantId: `${APPLICANT.applicantId}-${i}` }),
      }),
    ),
  );
}
