import { minikubeProfiles } from "../minikube.ts";
import { Unable } from "../user-error.ts";
import { type Made, readLedger } from "./ledger.ts";
import { removeRelease } from "./removal.ts";
import type { Site } from "./platform-context.ts";
import type { Step, Tell } from "./step.ts";
import { deployedStep } from "./steps/remove-deployed.ts";
import { DOMAIN, removeDomain } from "./steps/domain.ts";
import { ISTIO, needsForRemoval, removeIstio } from "./steps/istio.ts";
import { KNATIVE } from "./steps/knative.ts";
import { giveClassBack, NETWORKING } from "./steps/networking.ts";
import { removeSidecars, SIDECARS } from "./steps/sidecars.ts";
import { platformUsers } from "./users.ts";

interface Removal {
  title: string;
  remove(site: Site, made: Made, tell: Tell): Promise<string>;
  needs?(site: Site): string[];
}

const REMOVALS: Readonly<Record<string, Removal>> = {
  [SIDECARS]: { title: "Knative's sidecars", remove: (site, _, tell) => removeSidecars(site, tell) },
  [DOMAIN]: { title: "Domain", remove: (site, made) => removeDomain(site.kube(), made) },
  [NETWORKING]: {
    title: "Networking layer",
    async remove(site, made, tell) {
      await giveClassBack(site.kube(), made);
      return removeRelease(site, made, tell);
    },
  },
  [KNATIVE]: { title: "Knative Serving", remove: removeRelease },
  [ISTIO]: { title: "Istio", remove: removeIstio, needs: needsForRemoval },
};

/**
 * Takes back what `deploy` has made, and then, the last first, what the cluster's record says that `up` has made.
 * @throws Unable when others would lose something with it; then nothing is removed
 */
export async function removalSteps(
  site: Site,
  { namespace, keepPlatform }: { namespace: string; keepPlatform: boolean },
): Promise<Step[]> {
  const made = keepPlatform ? [] : (await readLedger(site.kube())).reverse();
  const parts = made.map(({ step }) => step);
  const users = await platformUsers(site.kube(), parts);
  if (users.length > 0) throw inUse(users);
  return [deployedStep(namespace), ...made.map(removalStep)];
}

function inUse(users: readonly string[]): Unable {
  const named = users.slice(0, 10).map((user) => `  ${user}`);
  const more = users.length > named.length ? [`  and ${users.length - named.length} more`] : [];
  return new Unable(
    [
      "Others use what ./kyc up has installed, and would lose this with it:",
      ...named,
      ...more,
      "Nothing was removed. ./kyc down --keep-platform removes only what was deployed.",
    ].join("\n"),
  );
}

function removalStep(noted: Made): Step {
  const removal = REMOVALS[noted.step];
  if (removal === undefined)
    throw new Unable(
      `This cluster's record names a step ${noted.step}, which this version of ./kyc does not know.`,
    );
  return {
    name: noted.step,
    title: removal.title,
    async look(site) {
      const found = (await readLedger(site.kube())).some(({ step }) => step === noted.step);
      return found ? { so: false, detail: "made by ./kyc up" } : { so: true, detail: "gone" };
    },
    needs: async (site) => removal.needs?.(site) ?? [],
    make: (site, tell) => removal.remove(site, noted, tell),
  };
}

/** Deletes a minikube profile, and all that is in it. */
export function profileStep(profile: string): Step {
  return {
    name: "cluster",
    title: "minikube",
    async look({ programs }) {
      if (!programs.has("minikube")) return { so: false, detail: `the profile ${profile}` };
      const exists = (await minikubeProfiles(programs)).includes(profile);
      return exists
        ? { so: false, detail: `the profile ${profile}, and all that is in it` }
        : { so: true, detail: `there is no profile ${profile}` };
    },
    needs: async ({ programs }) =>
      programs.has("minikube") ? [] : ["minikube is missing, so that its cluster cannot be deleted"],
    async make({ programs, signal }, tell) {
      const what = `deleting the profile ${profile}`;
      tell(what);
      const command = ["minikube", "delete", "-p", profile];
      const { code, out, err } = await programs.run(command, {
        signal,
        onLine: (line) => tell(what, line.trim()),
      });
      signal.throwIfAborted();
      if (code !== 0)
        throw new Unable(`${command.join(" ")} failed (exit code ${code}):\n${`${out}\n${err}`.trim()}`);
      return `the profile ${profile} was deleted`;
    },
  };
}
