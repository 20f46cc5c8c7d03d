import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import Type, { type Static, type TSchema } from "typebox";
import { Check } from "typebox/schema";
import { didYouMean } from "../../nearest.ts";
import { errorCode, errorText } from "../error-text.ts";

/** The kubeconfig does not describe a usable cluster. */
export class NoCluster extends Error {
  override readonly name = "NoCluster";
}

export interface KubeconfigOptions {
  /** A context of the kubeconfig. @default the current one */
  context?: string | undefined;
  /** A kubeconfig as text, in place of $KUBECONFIG, ~/.kube/config and the pod's service account. */
  kubeconfig?: string | undefined;
  /** @default process.env */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** The folder of the pod's service account. */
  serviceAccount?: string | undefined;
}

/** A context of the kubeconfig with its cluster and user. Paths are absolute. */
export interface Choice {
  context: string;
  namespace: string | undefined;
  cluster: Cluster;
  user: User;
}

const maybe = <S extends TSchema>(schema: S) => Type.Optional(Type.Union([schema, Type.Null()]));
const Text = maybe(Type.String());

/** The configuration of a credential plugin. */
export const ExecConfig = Type.Object({
  apiVersion: Type.String(),
  command: Type.String(),
  args: maybe(Type.Array(Type.String())),
  env: maybe(Type.Array(Type.Object({ name: Type.String(), value: Type.String() }))),
  interactiveMode: maybe(Type.Enum(["Never", "IfAvailable", "Always"])),
  provideClusterInfo: maybe(Type.Boolean()),
  installHint: Text,
});
export type ExecConfig = Static<typeof ExecConfig>;

const Cluster = Type.Object({
  server: Type.String(),
  "certificate-authority": Text,
  "certificate-authority-data": Text,
  "insecure-skip-tls-verify": maybe(Type.Boolean()),
  "tls-server-name": Text,
  "proxy-url": Text,
  extensions: maybe(Type.Array(Type.Object({ name: Type.String(), extension: Type.Unknown() }))),
});
export type Cluster = Static<typeof Cluster>;

const User = Type.Object({
  token: Text,
  tokenFile: Text,
  username: Text,
  password: Text,
  as: Text,
  "client-certificate": Text,
  "client-certificate-data": Text,
  "client-key": Text,
  "client-key-data": Text,
  "auth-provider": maybe(
    Type.Object({ name: Type.String(), config: maybe(Type.Record(Type.String(), Type.String())) }),
  ),
  exec: maybe(ExecConfig),
});
export type User = Static<typeof User>;

const Context = Type.Object({ cluster: Type.String(), user: Text, namespace: Text });

const Entries = maybe(Type.Array(Type.Record(Type.String(), Type.Unknown())));
const Kubeconfig = Type.Object({
  "current-context": Text,
  contexts: Entries,
  clusters: Entries,
  users: Entries,
});

/**
 * Reads the kubeconfig by kubectl's rules: missing files in $KUBECONFIG are skipped, and of two entries with the same
 * name the first counts. (The client library's own merging fails for both.)
 * @throws NoCluster without a kubeconfig, for an unknown context, or for an incomplete one
 */
export function readKubeconfig(options: KubeconfigOptions = {}): Choice {
  const { context, kubeconfig, env = process.env } = options;
  const merged = new Merged();
  if (kubeconfig !== undefined) {
    merged.add(kubeconfig, "the given kubeconfig", process.cwd());
    return merged.choose(context);
  }
  const paths = pathsOf(env);
  for (const path of paths) merged.add(readIfThere(path), path, dirname(resolve(path)));
  if (merged.contexts.length > 0) return merged.choose(context);
  const choice = context === undefined ? inCluster(env, options.serviceAccount) : undefined;
  if (choice !== undefined) return choice;
  throw new NoCluster(
    `No cluster is configured: there is no context in ${paths.join(", ")}. ` +
      "Run ./kyc up to create a cluster, or set KUBECONFIG to your kubeconfig.",
  );
}

interface Entry {
  content: unknown;
  /** The folder that its relative paths start from. */
  folder: string;
}

/** The merged content of several files. */
class Merged {
  #current = "";
  readonly #contexts = new Map<string, Entry>();
  readonly #clusters = new Map<string, Entry>();
  readonly #users = new Map<string, Entry>();

  get contexts(): string[] {
    return [...this.#contexts.keys()];
  }

  add(text: string, path: string, folder: string): void {
    const document = parseYaml(text, path);
    // An empty file has no entries.
    if (document === null || document === undefined) return;
    if (!Check(Kubeconfig, document)) throw new NoCluster(`${path} is not a kubeconfig.`);
    this.#current ||= document["current-context"] ?? "";
    gather(this.#contexts, document.contexts, "context", folder);
    gather(this.#clusters, document.clusters, "cluster", folder);
    gather(this.#users, document.users, "user", folder);
  }

  choose(name = this.#current): Choice {
    const names = this.contexts;
    if (name === "")
      throw new NoCluster(
        `The kubeconfig has no current context. Name one by --context: ${names.join(", ")}`,
      );
    const entry = this.#contexts.get(name);
    if (entry === undefined)
      throw new NoCluster(`There is no context ${name} in the kubeconfig; ${didYouMean(name, names)}`);
    const context = checked(Context, entry.content, `The context ${name}`);
    return {
      context: name,
      namespace: context.namespace || undefined,
      cluster: this.#cluster(context.cluster, name),
      user: this.#user(context.user || undefined, name),
    };
  }

  #cluster(name: string, context: string): Cluster {
    const entry = this.#clusters.get(name);
    if (entry === undefined)
      throw new NoCluster(
        `The context ${context} names the cluster ${name}, which the kubeconfig does not have.`,
      );
    const cluster = checked(Cluster, entry.content, `The cluster ${name}`);
    return absolute(cluster, ["certificate-authority"], entry.folder);
  }

  #user(name: string | undefined, context: string): User {
    if (name === undefined) return {};
    const entry = this.#users.get(name);
    if (entry === undefined)
      throw new NoCluster(
        `The context ${context} names the user ${name}, which the kubeconfig does not have.`,
      );
    const user = checked(User, entry.content ?? {}, `The user ${name}`);
    const { exec } = user;
    // A command with a slash is a path; others are searched in PATH.
    const program = exec?.command.includes("/") ? absolute(exec, ["command"], entry.folder) : exec;
    const files = ["client-certificate", "client-key", "tokenFile"] as const;
    return { ...absolute(user, files, entry.folder), ...(program ? { exec: program } : {}) };
  }
}

function gather(
  into: Map<string, Entry>,
  entries: Static<typeof Entries> | undefined,
  kind: string,
  folder: string,
): void {
  for (const { name, [kind]: content } of entries ?? []) {
    if (typeof name === "string" && !into.has(name)) into.set(name, { content, folder });
  }
}

function checked<S extends TSchema>(schema: S, content: unknown, what: string): Static<S> {
  if (Check(schema, content)) return content;
  throw new NoCluster(`${what} in the kubeconfig is incomplete or has a field of the wrong type.`);
}

/** The same with these fields as absolute paths. */
function absolute<T extends object>(content: T, fields: readonly (keyof T)[], folder: string): T {
  const changed = { ...content };
  for (const field of fields) {
    const path = content[field];
    if (typeof path === "string" && path !== "") Object.assign(changed, { [field]: resolve(folder, path) });
  }
  return changed;
}

function pathsOf(env: Readonly<Record<string, string | undefined>>): string[] {
  const listed = env["KUBECONFIG"]?.split(delimiter).filter((path) => path !== "") ?? [];
  return listed.length > 0 ? listed : [join(env["HOME"] || homedir(), ".kube", "config")];
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw new NoCluster(`The kubeconfig ${path} cannot be read: ${errorText(error)}`);
  }
}

function parseYaml(text: string, path: string): unknown {
  try {
    return Bun.YAML.parse(text);
  } catch (error) {
    throw new NoCluster(`${path} is not a kubeconfig: ${errorText(error)}`);
  }
}

/** The API server and service account of the pod that this process runs in. */
function inCluster(
  env: Readonly<Record<string, string | undefined>>,
  folder = "/var/run/secrets/kubernetes.io/serviceaccount",
): Choice | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = env;
  const tokenFile = join(folder, "token");
  if (!host || !existsSync(tokenFile)) return undefined;
  return {
    context: "the pod's service account",
    namespace: readIfThere(join(folder, "namespace")).trim() || undefined,
    cluster: {
      server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
      "certificate-authority": join(folder, "ca.crt"),
    },
    user: { tokenFile },
  };
}
