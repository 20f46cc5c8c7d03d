import { parseArgs } from "node:util";
import { CLUSTER_FAULTS } from "./cluster-faults.ts";
import { liveClusterFaults } from "./live-cluster-faults.ts";
import { PROCESS_FAULTS } from "./process-faults.ts";
import type { FaultResult } from "./scenario.ts";
import { TRAFFIC_FAULTS } from "./traffic-faults.ts";

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { context: { type: "string" }, help: { type: "boolean" } },
});
const FAULTS = [
  ...PROCESS_FAULTS,
  ...TRAFFIC_FAULTS,
  ...CLUSTER_FAULTS,
  ...liveClusterFaults(values.context),
];

const USAGE = `Usage: bun test/faults/run.ts [--context CONTEXT] [NAME…]

Injects faults into a mesh under load, and prints their effect on callers. NAME selects the faults whose names contain it; by
default all run, in about six minutes. Exits with 1 if a fault has an unexpected effect.

The faults of a cluster need a CONTEXT with the deployed system (\`./kyc deploy\`); they change its splits, and restart its
istiod and its ingress gateway. KYC_FAULTS_SLOW_NETWORKING is a command that slows down its networking layer ("on") and
restores it ("off"); by default net-istio's Deployment is limited to a hundredth of a processor.

Faults:
${FAULTS.map(({ name }) => `  ${name}`).join("\n")}`;

const chosen = FAULTS.filter(
  (fault) => names.length === 0 || names.some((name) => fault.name.includes(name)),
);
if (values.help || chosen.length === 0) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}

const cell = (value: number | null): string => (value === null ? "–" : String(value));
console.log("| fault | requests | failed | weights unaccounted for | memory at most | ended |");
console.log("| --- | --- | --- | --- | --- | --- |");
let isRight = true;
for (const fault of chosen) {
  const missing = fault.missing?.();
  const result = missing === undefined ? await tried(fault.name, () => fault.run()) : undefined;
  if (result === undefined) {
    console.log(`| ${fault.name} | – | – | – | – | not tried: ${missing} |`);
    continue;
  }
  const { sent, failed, unaccounted, memoryMb, ended, right } = result;
  isRight &&= right && unaccounted === 0;
  const memory = memoryMb === null ? "–" : `${memoryMb} MiB`;
  console.log(
    `| ${result.fault} | ${cell(sent)} | ${cell(failed)} | ${unaccounted} | ${memory} | ${ended}${right ? "" : " **(wrong)**"} |`,
  );
}
process.exit(isRight ? 0 : 1);

async function tried(name: string, run: () => Promise<FaultResult>): Promise<FaultResult> {
  try {
    return await run();
  } catch (error) {
    const ended = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return { fault: name, sent: null, failed: null, unaccounted: 0, memoryMb: null, ended, right: false };
  }
}
