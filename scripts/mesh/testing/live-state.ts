import { Check } from "typebox/schema";
import { lineBatches } from "../../text/lines.ts";
import { echoRevision, type TestSystem } from "./test-system.ts";
import { MeshState } from "../admin/schema.ts";
import { MeshEvent, type ServedEvent } from "../admin/event-schema.ts";

/** The line of `traffic:` in the file of revision b of a test system. */
export const SPLIT_LINE = echoRevision("b").split("\n").length;

/** The same position as in events. */
export const SPLIT = `knative/echo/2-b.yaml:${SPLIT_LINE}`;

/** Returns the state of a running mesh. */
export async function stateOfMesh(system: TestSystem): Promise<MeshState> {
  const value: unknown = await (await system.fetch("/_mesh/state")).json();
  if (!Check(MeshState, value)) throw new Error(`no state: ${JSON.stringify(value)}`);
  return value;
}

/** Returns the first events of a stream, which is then closed. */
export async function firstEvents(response: Response, count: number): Promise<ServedEvent[]> {
  const events: ServedEvent[] = [];
  for await (const lines of lineBatches(response.body ?? new Blob().stream())) {
    for (const line of lines) {
      const event: unknown = JSON.parse(line);
      if (!Check(MeshEvent, event) || "end" in event) throw new Error(`no request: ${line}`);
      events.push(event);
    }
    if (events.length >= count) break;
  }
  return events;
}
