import { printMessage } from "../../text/print.ts";
import { Kube } from "./client.ts";
import { connect } from "./connection.ts";

// Longer than the restart of a single API server takes.
const REPEAT_FOR_MS = 15_000;

/**
 * Returns a client for a command: it repeats requests that fail temporarily, and reports it on standard error if that
 * takes long.
 * @param context a kubeconfig context; undefined for the current one
 * @throws NoCluster if there is no kubeconfig, or not this context
 */
export function kubeOfContext(context: string | undefined): Kube {
  return new Kube(connect({ context }), { forMs: REPEAT_FOR_MS, onWait: printMessage });
}
