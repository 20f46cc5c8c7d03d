import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Kube } from "../../cluster/kube/client.ts";

/** The user of this machine who runs the process. */
export interface LocalUser {
  /** The name of the id in the system's user database; `uid 1000` if it has none. */
  name: string;
  host: string;
  /** The name in $USER or $LOGNAME, if it differs. Anyone can set it, so it is a label and not an identity. */
  label: string | undefined;
}

/**
 * The author of a change, for the record: the user name at the API server, if a cluster is changed, and the user of this
 * machine by id.
 * @returns such as `alice@laptop`, or `oidc:alice (alice@laptop)`
 */
export async function authorOf(kube: Kube | undefined): Promise<string> {
  const local = describeUser(localUser());
  if (kube === undefined) return local;
  const { clusterUser } = await import("../../cluster/kube/cluster-user.ts");
  const user = await clusterUser(kube);
  return user === undefined ? local : `${user} (${local})`;
}

/** The user that runs this process. Bun's own userInfo() trusts $USER. */
export function localUser(
  env: Readonly<Record<string, string | undefined>> = process.env,
  uid: number | undefined = process.getuid?.(),
): LocalUser {
  const name = uid === undefined ? windowsUser() : (nameOfId(uid) ?? `uid ${uid}`);
  const said = env["USER"] || env["LOGNAME"] || undefined;
  return { name, host: hostname(), label: said === name ? undefined : said };
}

export function describeUser({ name, host, label }: LocalUser): string {
  return `${name}@${host}${label === undefined ? "" : `, $USER ${label}`}`;
}

// The system's own folders, because the user's PATH could have another `id`.
const SYSTEM_PATH = "/usr/bin:/bin:/run/current-system/sw/bin";

/** The name of a user id: from the system's user database, else from /etc/passwd. */
function nameOfId(uid: number): string | undefined {
  const id = Bun.which("id", { PATH: SYSTEM_PATH });
  if (id !== null && uid === process.getuid?.()) {
    const { exitCode, stdout } = Bun.spawnSync([id, "-un"], { env: {}, stdin: "ignore", stderr: "ignore" });
    const name = stdout.toString().trim();
    if (exitCode === 0 && name !== "") return name;
  }
  return passwd()
    .split("\n")
    .map((line) => line.split(":"))
    .find((fields) => fields[2] === String(uid))?.[0];
}

function passwd(): string {
  try {
    return readFileSync("/etc/passwd", "utf8");
  } catch {
    return "";
  }
}

function windowsUser(): string {
  const { exitCode, stdout } = Bun.spawnSync(["whoami"], { stdin: "ignore", stderr: "ignore" });
  return exitCode === 0 ? stdout.toString().trim() : "unknown user";
}
