import type { Criterion } from "../../shadow/criteria.ts";
import type { OutputFormat } from "../../text/data.ts";

/** The flags of `kyc shadow`. */
export interface ShadowFlags {
  to?: string;
  from?: string;
  percent: number;
  /** Milliseconds. */
  for: number;
  accept: readonly Criterion[];
  repeat: number;
  toTheEnd: boolean;
  stop: boolean;
  engine?: string;
  context?: string;
  dir: string;
  namespace: string;
  output?: OutputFormat;
}
