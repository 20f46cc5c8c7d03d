import fc from "fast-check";
import { headers } from "../headers/arbitrary.ts";

/** Destinations with weights and header changes. @param subset a host that has one, and its name */
export function destinations(hosts: readonly string[], subset: { host: string; subset: string }) {
  const destination = fc.oneof(
    { weight: 4, arbitrary: fc.record({ host: fc.constantFrom(...hosts) }) },
    { weight: 1, arbitrary: fc.constant(subset) },
  );
  const routed = fc.record(
    { destination, weight: fc.constantFrom(0, 1, 10, 50, 90), headers },
    { requiredKeys: ["destination"] },
  );
  return fc.array(routed, { minLength: 1, maxLength: 3 });
}
