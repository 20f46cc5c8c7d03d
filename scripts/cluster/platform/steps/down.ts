import { apiKind } from "../../../manifests/kinds/registry.ts";
import { INGRESS_LABEL } from "../../workload/live-objects.ts";
import type { Kube } from "../../kube/client.ts";
import { deleteAndWait } from "../../kube/delete-and-wait.ts";
import { type Kind, type KubeObject, nameOf, type ObjectRef, refOf } from "../../kube/kube-object.ts";
import { minikubeProfiles } from "../../minikube.ts";
import { isManaged } from "../../ownership.ts";
import { UserError } from "../../user-error.ts";
import { forgetStep, type LedgerEntry, readLedger } from "../ledger.ts";
import type { PlatformContext } from "../platform-context.ts";
import type { Report, Step } from "../step.ts";
import { DOMAIN, removeDomain } from "./domain.ts";
import { ISTIO, needsForRemoval, removeIstio } from "./istio.ts";
import { KNATIVE, SERVING } from "./knative.ts";
import { giveClassBack, NETWORKING } from "./networking.ts";
import { deployedStep } from "./remove-deployed.ts";
import { removeSidecars, SIDECARS } from "./sidecars.ts";
import { until } from "../wait-until.ts";

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
 * Returns the steps that remove the objects of `deploy`, and then, in reverse order, what `up` installed according to
 * its record.
 * @throws UserError if objects of other users need it; then nothing is removed
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
      "These objects use what ./kyc up installed, and would stop working:",
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
      `The record in this cluster names the step ${noted.step}, which this version of ./kyc does not have.`,
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

/** Deletes a minikube profile with everything in it. */
export function profileStep(profile: string): Step {
  return {
    name: "cluster",
    title: "minikube",
    async inspect({ programs }) {
      if (!programs.has("minikube")) return { done: false, detail: `the profile ${profile}` };
      const exists = (await minikubeProfiles(programs)).includes(profile);
      return exists
        ? { done: false, detail: `the profile ${profile} with everything in it` }
        : { done: true, detail: `there is no profile ${profile}` };
    },
    needs: async ({ programs }) =>
      programs.has("minikube") ? [] : ["minikube is missing, so its cluster cannot be deleted"],
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

/** Objects of other users that need these parts of the platform, by kind and name. */
export async function platformUsers(kube: Kube, parts: readonly string[]): Promise<string[]> {
  const ofKnative = parts.includes(ISTIO) || parts.includes(KNATIVE) || parts.includes(NETWORKING);
  const ofIstio = parts.includes(ISTIO);
  const [services, routes, gateways] = await Promise.all([
    ofKnative ? others(kube, apiKind("knativeServices")) : [],
    ofIstio ? others(kube, apiKind("virtualServices")) : [],
    ofIstio ? others(kube, apiKind("gateways")) : [],
  ]);
  return [
    ...services.map((object) => `Knative ${nameOf(refOf(object))}`),
    // Knative deletes those that it wrote itself with their services.
    ...routes
      .filter(({ metadata }) => metadata.labels?.[INGRESS_LABEL] === undefined)
      .map((object) => nameOf(refOf(object))),
    ...gateways
      .filter(({ metadata }) => metadata.namespace !== SERVING)
      .map((object) => nameOf(refOf(object))),
  ];
}

async function others(kube: Kube, kind: Kind): Promise<KubeObject[]> {
  const { items } = await kube.list(kind);
  return items.filter((object) => !isManaged(object));
}

/**
 * Removes a release's objects in reverse order, so that webhooks go before the pods that serve them. Deleting kinds and
 * namespaces deletes their objects, so these are waited for.
 */
export async function removeRelease(
  platform: PlatformContext,
  { step, objects }: LedgerEntry,
  report: Report,
): Promise<string> {
  const kube = platform.kube();
  const reversed = [...objects].reverse();
  for (const ref of reversed.filter((object) => !takesOthers(object))) {
    platform.signal.throwIfAborted();
    report("deleting", nameOf(ref));
    await kube.delete(ref);
  }
  for (const ref of reversed.filter(takesOthers)) {
    platform.signal.throwIfAborted();
    report("waiting until kinds and namespaces are deleted", nameOf(ref));
    await deleteAndWait(kube, ref, { timeoutMs: platform.timeoutMs, signal: platform.signal });
  }
  // A controller may have created an object again while its source still existed.
  await until(`Removing ${step}`, platform, report, async () => {
    for (const ref of reversed) if (await platform.kube().delete(ref)) return `deleting ${nameOf(ref)} again`;
    return undefined;
  });
  await forgetStep(kube, step);
  return `${objects.length} objects removed`;
}

function takesOthers({ kind }: ObjectRef): boolean {
  return kind === "Namespace" || kind === "CustomResourceDefinition";
}
