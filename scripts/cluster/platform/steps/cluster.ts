import Type from "typebox";
import { NoCluster } from "../../kubeconfig/kubeconfig.ts";
import { Unreachable } from "../../kube/connection.ts";
import { minikubeProfiles } from "../../minikube.ts";
import { Unable } from "../../user-error.ts";
import type { Site } from "../platform-context.ts";
import type { Look, Step, Tell } from "../step.ts";
import { until } from "../wait-until.ts";
import { versionWarning } from "../version-warning.ts";
import { PLATFORM } from "../versions.ts";

export interface ClusterOptions {
  /** The minikube profile that is started where no cluster answers. */
  profile: string;
  cpus: number;
  /** As minikube takes it, `8g` for example. */
  memory: string;
  kubernetesVersion: string;
}

const Version = Type.Object({ gitVersion: Type.String() });

/**
 * A Kubernetes cluster that answers. One that does is taken as it is; minikube is started only where the user has named
 * no context and none answers, or where the context is of a minikube profile that is stopped.
 */
export function clusterStep(options: ClusterOptions): Step {
  return {
    name: "cluster",
    title: "Kubernetes",
    opensCluster: true,
    look: (site) => look(site, options),
    needs: async ({ programs }) =>
      programs.has("minikube")
        ? []
        : [
            "minikube is missing; it starts a cluster on this machine: https://minikube.sigs.k8s.io/docs/start (or name a cluster that runs: ./kyc up --context NAME)",
          ],
    make: (site, tell) => startMinikube(site, options, tell),
  };
}

async function look(site: Site, options: ClusterOptions): Promise<Look> {
  try {
    return await seen(site);
  } catch (error) {
    if (!(error instanceof NoCluster || error instanceof Unreachable)) throw error;
    const profile = await profileToStart(site, options);
    if (profile === undefined) throw error;
    const why =
      error instanceof NoCluster ? "none is configured" : `context ${contextOf(site)} does not answer`;
    return { so: false, detail: `${why}; minikube starts ${profile}` };
  }
}

async function seen(site: Site): Promise<Look> {
  const kube = site.kube();
  const { gitVersion } = await kube.json("cannot ask for the version", "/version", Version, {
    signal: site.signal,
  });
  return {
    so: true,
    detail: `${gitVersion}, context ${kube.connection.context}`,
    warnings: versionWarning("Kubernetes", gitVersion, PLATFORM.kubernetes.range),
  };
}

/** The minikube profile to start; none when the user has named a cluster that is not minikube's. */
async function profileToStart(site: Site, { profile }: ClusterOptions): Promise<string | undefined> {
  const profiles = await minikubeProfiles(site.programs);
  const context = site.context ?? contextOf(site);
  if (context !== undefined && profiles.includes(context)) return context;
  return site.context === undefined ? profile : undefined;
}

function contextOf(site: Site): string | undefined {
  try {
    return site.kube().connection.context;
  } catch {
    return undefined;
  }
}

async function startMinikube(site: Site, options: ClusterOptions, tell: Tell): Promise<string> {
  const profile = (await profileToStart(site, options)) ?? options.profile;
  const exists = (await minikubeProfiles(site.programs)).includes(profile);
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
  tell(what);
  const { code, out, err } = await site.programs.run(command, {
    signal: site.signal,
    onLine: (line) => tell(what, line.trim()),
  });
  site.signal.throwIfAborted();
  if (code !== 0) {
    const last = `${out}\n${err}`.trim().split("\n").slice(-15).join("\n");
    throw new Unable(`${command.join(" ")} failed (exit code ${code}):\n${last}`);
  }
  site.use(profile);
  await until("the API server", site, tell, async () => {
    await seen(site);
    return undefined;
  });
  return (await seen(site)).detail;
}
