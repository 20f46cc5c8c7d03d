import type { Connection } from "../../cluster/kube/connection.ts";
import { EXIT, Failure } from "../../exit.ts";

export interface ConfirmOptions {
  connection: Pick<Connection, "context" | "server">;
  /** What is to be done there, as the end of a sentence. */
  todo: string;
  /** The command, without its flags. */
  command: string;
  signal: AbortSignal;
}

/**
 * Asks before a cluster elsewhere is changed. One on the user's own machine is changed without asking. Where nobody can
 * be asked, the command has to name the context.
 * @throws Failure when the user does not agree; nothing was changed then
 */
export async function confirmRemoteChange({
  connection,
  todo,
  command,
  signal,
}: ConfirmOptions): Promise<void> {
  const [{ isLocal }, { ask }] = await Promise.all([
    import("../../cluster/platform/up.ts"),
    import("../../terminal/ask.ts"),
  ]);
  const { context, server } = connection;
  if (isLocal(context, server)) return;
  const what = `Context ${context} (${server}) is not on this machine. To be done there: ${todo}.`;
  const answer = await ask(`${what} Go on?`, { input: process.stdin, output: process.stderr, signal });
  if (answer === undefined)
    throw new Failure(`${what}\nName it to go on: ${command} --context ${context}`, EXIT.usage);
  if (!answer) throw new Failure("Nothing was changed.");
}
