import { EXIT, Failure } from "../../exit.ts";

/**
 * Runs the action of a command on a cluster. Errors for the user become failures, without a stack trace.
 * @param afterwards what the user can do after an interruption
 * @throws Failure
 */
export async function onCluster<T>(
  run: () => Promise<T>,
  afterwards = "Completed changes stay.",
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw await asFailure(error, afterwards);
  }
}

async function asFailure(error: unknown, afterwards: string): Promise<unknown> {
  const [
    { ApiError },
    { StillThere },
    { NoCluster },
    { Unreachable },
    { Interrupted, UsageError, UserError },
  ] = await Promise.all([
    import("../../cluster/kube/api-error.ts"),
    import("../../cluster/kube/delete-and-wait.ts"),
    import("../../cluster/kubeconfig/kubeconfig.ts"),
    import("../../cluster/kube/connection.ts"),
    import("../../cluster/user-error.ts"),
  ]);
  if (error instanceof Interrupted || isAborted(error))
    return new Failure(`Interrupted. ${afterwards}`, EXIT.interrupted);
  if (error instanceof UsageError) return new Failure(error.message, EXIT.usage);
  const isExpected = [ApiError, NoCluster, StillThere, Unreachable, UserError].some(
    (type) => error instanceof type,
  );
  return isExpected && error instanceof Error ? new Failure(error.message) : error;
}

/** Whether the error comes from an operation that the user's signal aborted. */
function isAborted(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** A signal that the first Ctrl-C aborts; the second ends the process at once. */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(EXIT.interrupted);
      controller.abort();
    });
  }
  return controller.signal;
}
