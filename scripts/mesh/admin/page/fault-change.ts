import type { FaultChange } from "../../faults/fault.ts";

/** The values of a fault's form. A percentage or a delay of 0 means none. */
export interface FaultFields {
  /** Percent of the requests. */
  error: number;
  status: number;
  /** Milliseconds. */
  delay: number;
}

/** The change that a form requests: with fields it sets a fault, without them it clears what is named. */
export function changeOf(
  fields: FaultFields | undefined,
  { service, revision }: { service: string | undefined; revision: string | undefined },
): FaultChange {
  if (fields === undefined || service === undefined || revision === undefined) {
    return {
      clear: { ...(service !== undefined && { service }), ...(revision !== undefined && { revision }) },
    };
  }
  const { error, status, delay } = fields;
  return {
    set: {
      service,
      revision,
      ...(error > 0 && { error: { percent: error, status } }),
      ...(delay > 0 && { delay: { percent: 100, ms: delay } }),
    },
  };
}
