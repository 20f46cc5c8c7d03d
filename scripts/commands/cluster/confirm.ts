import type { Connection } from "../../cluster/kube/connection.ts";
import { EXIT, Failure } from "../../exit.ts";

export interface ConfirmOptions {
  connection: Pick<Connection, "context" | "server">;
  /** The action that needs confirmation, as the end of a sentence. */
  todo: string;
  /** The command, without its flags. */
  command: string;
  signal: AbortSignal;
}

/**
 * Asks before a remote cluster is changed. A cluster on the user's own machine is changed without asking. Without a
 * terminal, the command has to name the context.
 * @throws Failure when the user does not agree; nothing was changed then
 */
export async function confirmRemoteChange({
  connection,
  todo,
  command,
  signal,
}: ConfirmOptions): Promise<void> {
  const { context, server } = connection;
  if (isLocal(context, server)) return;
  const { ask } = await import("../../terminal/ask.ts");
  const what = `Context ${context} (${server}) is not on this machine. Planned change: ${todo}.`;
  const answer = await ask(`${what} Go on?`, { input: process.stdin, output: process.stderr, signal });
  if (answer === undefined)
    throw new Failure(`${what}\nTo continue, name the context: ${command} --context ${context}`, EXIT.usage);
  if (!answer) throw new Failure("Nothing was changed.");
}

// Contexts of clusters on the user's own machine, in addition to those whose API server has a loopback address.
const LOCAL = /^(minikube|kind-.*|k3d-.*|docker-desktop|rancher-desktop|orbstack|colima.*)$/;

/** Whether a cluster is the user's own, so that it may be changed without asking. */
export function isLocal(context: string, server: string): boolean {
  const host = new URL(server).hostname;
  return LOCAL.test(context) || /^(localhost|\[::1\]|127(\.[0-9]+){3})$/.test(host);
}
