import type { FaultChange } from "../../faults/fault.ts";

/** What the fields of a fault's form hold. A percentage or a time of 0 is none. */
export interface FaultFields {
  /** Percent of the requests. */
  error: number;
  status: number;
  /** Milliseconds. */
  delay: number;
}

/** The change that a form asks for: the fields to switch a fault on, nothing to switch off what is named. */
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
