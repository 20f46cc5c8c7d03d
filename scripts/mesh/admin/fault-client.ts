import { Check } from "typebox/schema";
import { ADMIN_PATH } from "./schema.ts";
import { findMesh } from "./dev-file.ts";
import { CHANGE_HEADER } from "./guard.ts";
import { type FaultChange, FaultsState } from "../faults/fault.ts";

/** The running mesh did not change its faults; the message has the reason and a remedy. */
export class FaultRequestError extends Error {
  override readonly name = "FaultRequestError";
  /** Whether the mesh refused the change itself, such as one of an unknown revision. */
  readonly refused: boolean;

  constructor(message: string, options: ErrorOptions & { refused?: boolean } = {}) {
    super(message, options);
    this.refused = options.refused ?? false;
  }
}

const TIMEOUT_MS = 5_000;

/**
 * Reads the faults of the mesh that runs from a folder, after an optional change.
 * @throws FaultRequestError
 */
export async function askFaults(root: string, change?: FaultChange): Promise<FaultsState> {
  const mesh = await findMesh(root);
  if (mesh === undefined)
    throw new FaultRequestError(`No local mesh runs from ${root}: start it with ./kyc dev.`);
  const response = await send(mesh.port, change);
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && Check(FaultsState, answer)) return answer;
  const title = typeof answer === "object" && answer !== null && "title" in answer ? answer.title : undefined;
  throw new FaultRequestError(
    typeof title === "string" ? sentence(title) : "The local mesh that runs is of another version.",
    { refused: response.status >= 400 && response.status < 500 },
  );
}

async function send(port: number, change: FaultChange | undefined): Promise<Response> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const url = `http://127.0.0.1:${port}${ADMIN_PATH}/faults`;
  const headers = { "content-type": "application/json", [CHANGE_HEADER]: "1" };
  const init = change === undefined ? {} : { method: "POST", headers, body: JSON.stringify(change) };
  try {
    return await fetch(url, { ...init, signal });
  } catch (error) {
    throw new FaultRequestError(`The local mesh on port ${port} does not answer: start it with ./kyc dev.`, {
      cause: error,
    });
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?]$/.test(text) ? "" : "."}`;
}
