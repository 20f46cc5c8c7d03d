const FLAGS = [
  "blackListed",
  "restrictedNational",
  "suspiciousActivity",
  "interpolConductBad",
  "militaryTrained",
  "employmentBad",
  "creditUsageBad",
];

/** The aggregator's answer for a report type: nine keys in the contract's order. */
export function customerBody(type: string): string {
  const flags = FLAGS.map((flag) => [flag, false]);
  return JSON.stringify(Object.fromEntries([["type", type], ...flags, ["backgroundCheckPass", true]]));
}
