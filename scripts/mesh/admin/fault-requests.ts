import { Check } from "typebox/schema";
import type { ServicePlan } from "../../traffic/compile/service-plan.ts";
import { FaultChange, type FaultsState } from "../faults/fault.ts";
import { type Faults, InvalidFault } from "../faults/faults.ts";
import type { Exchange } from "../http/exchange.ts";
import { changeRefusal } from "./guard.ts";
import { jsonReply, problemReply, type Reply, sendReply } from "./reply.ts";

/** The context of a change of faults. */
export interface FaultSurroundings {
  faults: Faults;
  services(): readonly ServicePlan[];
  /** Called after the faults changed. They are in force when this returns. */
  onChanged(state: FaultsState): void;
}

const MAX_BODY_BYTES = 4096;

const EXPECTED =
  'expected {"set": {"service": NAME, "revision": NAME, "error": {"percent": above 0 to 100, "status": 200 to 599}, ' +
  '"delay": {"percent": above 0 to 100, "ms": 1 to 3600000}}} with error, delay or both, or {"clear": {}}, which may name ' +
  "a service and a revision";

/** Answers `POST /_mesh/faults`. */
export function changeFaults(exchange: Exchange, surroundings: FaultSurroundings): void {
  const { authority, headers } = exchange.request;
  const refused = changeRefusal({ peer: exchange.peer, authority, headers });
  if (refused !== undefined) return sendReply(exchange, problemReply(403, refused));
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    return sendReply(exchange, problemReply(415, "a change is application/json"));
  }
  const parts: Buffer[] = [];
  let bytes = 0;
  let over = false;
  exchange.onAbort = () => (over = true);
  exchange.readBody(
    (content) => {
      bytes += content.length;
      if (over) return;
      // The buffer may be overwritten by the next bytes.
      if (bytes <= MAX_BODY_BYTES) return void parts.push(Buffer.from(content));
      over = true;
      sendReply(exchange, problemReply(413, `a change has at most ${MAX_BODY_BYTES} bytes`));
    },
    () => {
      if (!over) sendReply(exchange, changed(Buffer.concat(parts).toString(), surroundings));
    },
  );
}

function changed(text: string, { faults, services, onChanged }: FaultSurroundings): Reply {
  const change = parsed(text);
  if (change === undefined) return problemReply(400, EXPECTED);
  try {
    faults.change(change, services());
  } catch (error) {
    if (!(error instanceof InvalidFault)) throw error;
    return problemReply(404, error.message);
  }
  const state = faults.state(services());
  onChanged(state);
  return jsonReply(200, state);
}

function parsed(text: string): FaultChange | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Check(FaultChange, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
