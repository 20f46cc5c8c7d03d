import Type from "typebox";
import { NoCluster } from "../../kubeconfig/kubeconfig.ts";
import { Unreachable } from "../../kube/connection.ts";
import { minikubeProfiles } from "../../minikube.ts";
import { UserError } from "../../user-error.ts";
import type { PlatformContext } from "../platform-context.ts";
import type { Inspection, Step, Report } from "../step.ts";
import { until } from "../wait-until.ts";
import { versionWarning } from "../versions.ts";
import { PLATFORM } from "../versions.ts";

export interface ClusterOptions {
  /** The minikube profile to start if no cluster answers. */
  profile: string;
  cpus: number;
  /** In minikube's notation, for example `8g`. */
  memory: string;
  kubernetesVersion: string;
}

const Version = Type.Object({ gitVersion: Type.String() });

/**
 * A reachable Kubernetes cluster. An existing one is used; minikube is started only if the user named no context and
 * none answers, or if the context belongs to a stopped minikube profile.
 */
export function clusterStep(options: ClusterOptions): Step {
  return {
    name: "cluster",
    title: "Kubernetes",
    opensCluster: true,
    inspect: (platform) => inspect(platform, options),
    needs: async ({ programs }) =>
      programs.has("minikube")
        ? []
        : [
            "minikube is missing; it starts a cluster on this machine: https://minikube.sigs.k8s.io/docs/start (or name a running cluster: ./kyc up --context NAME)",
          ],
    run: (platform, report) => startMinikube(platform, options, report),
  };
}

async function inspect(platform: PlatformContext, options: ClusterOptions): Promise<Inspection> {
  try {
    return await seen(platform);
  } catch (error) {
    if (!(error instanceof NoCluster || error instanceof Unreachable)) throw error;
    const profile = await profileToStart(platform, options);
    if (profile === undefined) throw error;
    const why =
      error instanceof NoCluster ? "none is configured" : `context ${contextOf(platform)} does not answer`;
    return { done: false, detail: `${why}; minikube starts ${profile}` };
  }
}

async function seen(platform: PlatformContext): Promise<Inspection> {
  const kube = platform.kube();
  const { gitVersion } = await kube.json("cannot look up the version", "/version", Version, {
    signal: platform.signal,
  });
  return {
    done: true,
    detail: `${gitVersion}, context ${kube.connection.context}`,
    warnings: versionWarning("Kubernetes", gitVersion, PLATFORM.kubernetes.range),
  };
}

/** Returns the minikube profile to start; none if the user has named a cluster that is not minikube's. */
async function profileToStart(
  platform: PlatformContext,
  { profile }: ClusterOptions,
): Promise<string | undefined> {
  const profiles = await minikubeProfiles(platform.programs);
  const context = platform.context ?? contextOf(platform);
  if (context !== undefined && profiles.includes(context)) return context;
  return platform.context === undefined ? profile : undefined;
}

function contextOf(platform: PlatformContext): string | undefined {
  try {
    return platform.kube().connection.context;
  } catch {
    return undefined;
  }
}

async function startMinikube(
  platform: PlatformContext,
  options: ClusterOptions,
  report: Report,
): Promise<string> {
  const profile = (await profileToStart(platform, options)) ?? options.profile;
  const exists = (await minikubeProfiles(platform.programs)).includes(profile);
  const { cpus, memory, kubernetesVersion } = options;
  // A profile that exists keeps its size and version.
  const size = exists
    ? []
    : [
        "--cpus",
        String(cpus),
        "--memory",
        memory,
        "--kubernetes-version",
        `v${kubernetesVersion.replace(/^v/, "")}`,
      ];
  const command = ["minikube", "start", "-p", profile, ...size];
  const what = `${exists ? "starting" : "creating"} ${profile} with minikube`;
  report(what);
  const { code, out, err } = await platform.programs.run(command, {
    signal: platform.signal,
    onLine: (line) => report(what, line.trim()),
  });
  platform.signal.throwIfAborted();
  if (code !== 0) {
    const last = `${out}\n${err}`.trim().split("\n").slice(-15).join("\n");
    throw new UserError(`${command.join(" ")} failed (exit code ${code}):\n${last}`);
  }
  platform.use(profile);
  await until("the API server", platform, report, async () => {
    await seen(platform);
    return undefined;
  });
  return (await seen(platform)).detail;
}
