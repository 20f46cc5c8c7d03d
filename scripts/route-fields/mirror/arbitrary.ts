import fc from "fast-check";
import { always } from "../fault/arbitrary.ts";

/** The fields of a rule that mirrors each of its requests to this host. */
export const mirroring = (host: string) => ({
  mirror: fc.constant({ host }),
  mirrorPercentage: always,
});
