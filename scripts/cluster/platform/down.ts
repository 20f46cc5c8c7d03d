import { minikubeProfiles } from "../minikube.ts";
import { UserError } from "../user-error.ts";
import { type LedgerEntry, readLedger } from "./ledger.ts";
import { removeRelease } from "./removal.ts";
import type { PlatformContext } from "./platform-context.ts";
import type { Step, Report } from "./step.ts";
import { deployedStep } from "./steps/remove-deployed.ts";
import { DOMAIN, removeDomain } from "./steps/domain.ts";
import { ISTIO, needsForRemoval, removeIstio } from "./steps/istio.ts";
import { KNATIVE } from "./steps/knative.ts";
import { giveClassBack, NETWORKING } from "./steps/networking.ts";
import { removeSidecars, SIDECARS } from "./steps/sidecars.ts";
import { platformUsers } from "./users.ts";

interface Removal {
  title: string;
  remove(platform: PlatformContext, made: LedgerEntry, report: Report): Promise<string>;
  needs?(platform: PlatformContext): string[];
}

const REMOVALS: Readonly<Record<string, Removal>> = {
  [SIDECARS]: {
    title: "Knative's sidecars",
    remove: (platform, _, report) => removeSidecars(platform, report),
  },
  [DOMAIN]: { title: "Domain", remove: (platform, made) => removeDomain(platform.kube(), made) },
  [NETWORKING]: {
    title: "Networking layer",
    async remove(platform, made, report) {
      await giveClassBack(platform.kube(), made);
      return removeRelease(platform, made, report);
    },
  },
  [KNATIVE]: { title: "Knative Serving", remove: removeRelease },
  [ISTIO]: { title: "Istio", remove: removeIstio, needs: needsForRemoval },
};

/**
 * Takes back what `deploy` has made, and then, the last first, what the cluster's record says that `up` has made.
 * @throws UserError when others would lose something with it; then nothing is removed
 */
export async function removalSteps(
  platform: PlatformContext,
  { namespace, keepPlatform }: { namespace: string; keepPlatform: boolean },
): Promise<Step[]> {
  const made = keepPlatform ? [] : (await readLedger(platform.kube())).reverse();
  const parts = made.map(({ step }) => step);
  const users = await platformUsers(platform.kube(), parts);
  if (users.length > 0) throw inUse(users);
  return [deployedStep(namespace), ...made.map(removalStep)];
}

function inUse(users: readonly string[]): UserError {
  const named = users.slice(0, 10).map((user) => `  ${user}`);
  const more = users.length > named.length ? [`  and ${users.length - named.length} more`] : [];
  return new UserError(
    [
      "Others use what ./kyc up has installed, and would lose this with it:",
      ...named,
      ...more,
      "Nothing was removed. ./kyc down --keep-platform removes only what was deployed.",
    ].join("\n"),
  );
}

function removalStep(noted: LedgerEntry): Step {
  const removal = REMOVALS[noted.step];
  if (removal === undefined)
    throw new UserError(
      `This cluster's record names a step ${noted.step}, which this version of ./kyc does not know.`,
    );
  return {
    name: noted.step,
    title: removal.title,
    async inspect(platform) {
      const found = (await readLedger(platform.kube())).some(({ step }) => step === noted.step);
      return found ? { done: false, detail: "made by ./kyc up" } : { done: true, detail: "gone" };
    },
    needs: async (platform) => removal.needs?.(platform) ?? [],
    run: (platform, report) => removal.remove(platform, noted, report),
  };
}

/** Deletes a minikube profile, and all that is in it. */
export function profileStep(profile: string): Step {
  return {
    name: "cluster",
    title: "minikube",
    async inspect({ programs }) {
      if (!programs.has("minikube")) return { done: false, detail: `the profile ${profile}` };
      const exists = (await minikubeProfiles(programs)).includes(profile);
      return exists
        ? { done: false, detail: `the profile ${profile}, and all that is in it` }
        : { done: true, detail: `there is no profile ${profile}` };
    },
    needs: async ({ programs }) =>
      programs.has("minikube") ? [] : ["minikube is missing, so that its cluster cannot be deleted"],
    async run({ programs, signal }, report) {
      const what = `deleting the profile ${profile}`;
      report(what);
      const command = ["minikube", "delete", "-p", profile];
      const { code, out, err } = await programs.run(command, {
        signal,
        onLine: (line) => report(what, line.trim()),
      });
      signal.throwIfAborted();
      if (code !== 0)
        throw new UserError(`${command.join(" ")} failed (exit code ${code}):\n${`${out}\n${err}`.trim()}`);
      return `the profile ${profile} was deleted`;
    },
  };
}
