import { join } from "node:path";
import { parseArgs } from "node:util";
import { kyc } from "../../scripts/commands/testing/kyc-process.ts";
import { startShadowedMesh, type Turn } from "./shadowed-mesh.ts";

const HELP = `Measures the effect of a comparison in shadow on callers, on the local mesh with real processes: failed requests
and latency, alternating with and without a mirror, while the shadow service runs, is killed repeatedly, or the
candidate hangs.

Usage: bun test/shadow/run.ts [--seconds 10] [--turns 6] [--rps 100]

  --seconds N   the length of each turn
  --turns N     the number of turns of each state, with and without a mirror
  --rps N       requests per second
`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    turns: { type: "string", default: "6" },
    rps: { type: "string", default: "100" },
    help: { type: "boolean" },
  },
});
const [seconds, turns, rps] = [Number(values.seconds), Number(values.turns), Number(values.rps)];
const load = { seconds, rps };
if (values.help === true || !(seconds > 0 && turns > 0 && rps > 0)) {
  process.stdout.write(HELP);
  process.exit(values.help === true ? 0 : 2);
}

await using mesh = await startShadowedMesh();
const { root } = mesh;
await mesh.turn(load);

console.log(`${turns} turns of ${seconds} s each, ${rps} requests a second, all mirrored`);
console.log("                        requests  failed     p50     p99   p99 ratio");
for (const state of ["well", "killed", "hanging"] as const) {
  const without: Turn[] = [];
  const mirrored: Turn[] = [];
  for (let i = 0; i < turns; i++) {
    without.push(await mesh.turn(load));
    mirrored.push(await withShadow(state));
  }
  const [a, b] = [summed(without), summed(mirrored)];
  tell("without a mirror", a, undefined);
  tell(state === "hanging" ? "candidate hangs" : `shadow service ${state}`, b, b.p99 / a.p99);
}

async function withShadow(state: "well" | "killed" | "hanging"): Promise<Turn> {
  const child = mesh.startShadow();
  await mesh.mirrored();
  if (state === "hanging") await kyc("fault", "credit-check", "advanced", "--delay", "20s", "--dir", root);
  const killing = setInterval(() => {
    if (state === "killed") Bun.spawnSync(["pkill", "-9", "-f", join(root, "functions/kyc-shadow/main.ts")]);
  }, 1000);
  await Bun.sleep(1000);
  const result = await mesh.turn(load);
  clearInterval(killing);
  if (state === "hanging") await kyc("fault", "--clear", "--dir", root);
  child.kill("SIGTERM");
  await child.exited;
  return result;
}

/** The sum of the requests, and the median of each quantile over the turns, so that a pause in one turn has little effect. */
function summed(all: readonly Turn[]): { requests: number; failed: number; p50: number; p99: number } {
  const quantile = (values: readonly number[], part: number): number =>
    [...values].sort((x, y) => x - y)[Math.floor(values.length * part)] ?? Number.NaN;
  return {
    requests: all.reduce((sum, { ms }) => sum + ms.length, 0),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
    p50: quantile(
      all.map(({ ms }) => quantile(ms, 0.5)),
      0.5,
    ),
    p99: quantile(
      all.map(({ ms }) => quantile(ms, 0.99)),
      0.5,
    ),
  };
}

function tell(
  name: string,
  { requests, failed, p50, p99 }: ReturnType<typeof summed>,
  ratio: number | undefined,
): void {
  const cells = [
    String(requests),
    String(failed),
    `${p50.toFixed(1)} ms`,
    `${p99.toFixed(1)} ms`,
    ratio?.toFixed(2) ?? "",
  ];
  console.log(
    `${name.padEnd(22)}${cells.map((cell, i) => cell.padStart([10, 8, 10, 10, 8][i] ?? 8)).join("")}`,
  );
}
