import type { Choice, ExecConfig } from "./kubeconfig.ts";

// One header each with several values, which fetch joins into one: the user would act with other rights.
const UNSUPPORTED = ["as-groups", "as-uid", "as-user-extra"] as const;

const EXEC_VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/** Pairs of fields that exclude each other: client-go accepts one of the two. */
const CLUSTER_PAIRS = [["certificate-authority", "certificate-authority-data"]] as const;
const USER_PAIRS = [
  ["client-certificate", "client-certificate-data"],
  ["client-key", "client-key-data"],
] as const;

/**
 * Returns the fault that makes a context unusable, by the rules of kubectl (client-go, tools/clientcmd/validation.go
 * and rest/transport.go), and by the limits of this client.
 * @returns a sentence, or undefined for a usable context
 */
export function findContradiction({ context, cluster, user }: Choice): string | undefined {
  const of = `of the context ${context}`;
  for (const [file, data] of CLUSTER_PAIRS)
    if (cluster[file] && cluster[data])
      return `The cluster ${of} has both ${file} and ${data}: remove one of them.`;
  if (
    cluster["insecure-skip-tls-verify"] &&
    (cluster["certificate-authority"] || cluster["certificate-authority-data"])
  )
    return `The cluster ${of} has both insecure-skip-tls-verify and a certificate authority: remove one of them.`;
  for (const [file, data] of USER_PAIRS)
    if (user[file] && user[data]) return `The user ${of} has both ${file} and ${data}: remove one of them.`;
  if (user.token && (user.username || user.password))
    return `The user ${of} has both a token and a user name with a password: remove one of them.`;
  if (user.exec && user["auth-provider"])
    return `The user ${of} has both an exec plugin and an auth-provider: remove one of them.`;
  const plugin = user.exec ? findPluginProblem(user.exec) : undefined;
  if (plugin !== undefined) return `The exec plugin ${of} ${plugin}.`;
  for (const field of UNSUPPORTED)
    if (field in user) return `The user ${of} has ${field}: that is not supported.`;
  const provider = user["auth-provider"]?.name;
  if (provider !== undefined && provider !== "oidc")
    return `The user ${of} has the auth-provider ${provider}, which kubectl has removed too: use its exec plugin.`;
  return undefined;
}

function findPluginProblem({ apiVersion, interactiveMode }: ExecConfig): string | undefined {
  if (!EXEC_VERSIONS.includes(apiVersion))
    return `has the apiVersion ${apiVersion}: ${EXEC_VERSIONS.join(" and ")} are supported`;
  if (apiVersion === EXEC_VERSIONS[0] && !interactiveMode)
    return "has no interactiveMode: Never, IfAvailable or Always";
  return undefined;
}
