import { CLUSTER_FAULTS } from "./cluster-faults.ts";
import { PROCESS_FAULTS } from "./process-faults.ts";
import type { FaultResult } from "./scenario.ts";
import { TRAFFIC_FAULTS } from "./traffic-faults.ts";

const FAULTS = [...PROCESS_FAULTS, ...TRAFFIC_FAULTS, ...CLUSTER_FAULTS];

const USAGE = `Usage: bun test/faults/run.ts [NAME…]

Tries faults on a mesh under load, and prints what callers saw. A NAME chooses the faults whose names hold it; without one all
are tried, in about six minutes. Exits with 1 where a fault does what it should not.

Faults:
${FAULTS.map(({ name }) => `  ${name}`).join("\n")}`;

const names = process.argv.slice(2);
const chosen = FAULTS.filter(
  (fault) => names.length === 0 || names.some((name) => fault.name.includes(name)),
);
if (names.includes("--help") || chosen.length === 0) {
  console.log(USAGE);
  process.exit(names.includes("--help") ? 0 : 2);
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
