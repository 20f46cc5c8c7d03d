import { readdir, readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { seededRandom } from "../../scripts/traffic/random.ts";
import { descendants } from "../faults/scenario.ts";
import { startShadowedMesh, type Turn } from "./shadowed-mesh.ts";

const HELP = `Prints how much later callers are answered beside a comparison in shadow, on the local mesh with real processes.

Each pair is a turn with a mirror of all requests and one without, in an order drawn at random, while the shadow service
runs throughout. On two processors the callers' way (mesh, aggregator, baseline) has the first one for itself, and the load,
the shadow service and the candidate have the second. The confidence interval of 95 % is by resampling pairs.

Usage: bun test/shadow/latency.ts [--seconds 3] [--pairs 32] [--rps 30]

  --seconds N   the length of each turn
  --pairs N     how many pairs of turns
  --rps N       requests per second
`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    pairs: { type: "string", default: "32" },
    rps: { type: "string", default: "30" },
    help: { type: "boolean" },
  },
});
const [seconds, pairs, rps] = [Number(values.seconds), Number(values.pairs), Number(values.rps)];
if (values.help === true || !(seconds > 0 && pairs > 1 && rps > 0)) {
  process.stdout.write(HELP);
  process.exit(values.help === true ? 0 : 2);
}

const MOST = 1.05;
const RESAMPLES = 2_000;
// An edit is in force within a tenth of a second; late answers of the turn before have arrived.
const SETTLE_MS = 500;

interface Pair {
  mirrored: Turn;
  without: Turn;
}

await using mesh = await startShadowedMesh();
const { dev, routes } = mesh;
const random = seededRandom(1);
const shadow = mesh.startShadow();
try {
  await measure();
} finally {
  shadow.kill("SIGTERM");
  await shadow.exited;
}

async function measure(): Promise<void> {
  const withMirror = await mesh.mirrored();
  const without = withMirror.replace(/(mirrorPercentage:\s+value: )100\b/g, "$10");
  if (without === withMirror) throw new Error("the mirror in the file has no percentage of 100");
  const turnBy = async (text: string): Promise<Turn> => {
    await Bun.write(routes, text);
    await Bun.sleep(SETTLE_MS);
    return mesh.turn({ seconds, rps });
  };
  await turnBy(withMirror);
  await pin();
  const measured: Pair[] = [];
  for (let i = 0; i < pairs; i++) {
    if (random() < 0.5) {
      const mirrored = await turnBy(withMirror);
      measured.push({ mirrored, without: await turnBy(without) });
    } else {
      const first = await turnBy(without);
      measured.push({ mirrored: await turnBy(withMirror), without: first });
    }
  }
  await Bun.write(routes, withMirror);
  tell(measured);
}

/** Pins the processes on the callers' path to the first processor, and all others to the second. */
async function pin(): Promise<void> {
  if (navigator.hardwareConcurrency < 2) return;
  for (const pid of [process.pid, shadow.pid]) setProcessor(pid, 1);
  for (const pid of [dev.pid, ...(await descendants(dev.pid))]) {
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    const revision = /(?:^|\0)K_REVISION=([^\0]+)/.exec(environment)?.[1] ?? "";
    const isBeside = revision.includes("shadow") || revision.endsWith("-advanced");
    for (const thread of await readdir(`/proc/${pid}/task`).catch(() => []))
      setProcessor(Number(thread), isBeside ? 1 : 0);
  }
}

function setProcessor(pid: number, processor: number): void {
  const { exitCode, stderr } = Bun.spawnSync(["taskset", "-cp", String(processor), String(pid)]);
  if (exitCode !== 0) throw new Error(`taskset: ${stderr.toString()}`);
}

function tell(measured: readonly Pair[]): void {
  const all = (side: keyof Pair): Turn[] => measured.map((pair) => pair[side]);
  const count = (turns: readonly Turn[], of: (turn: Turn) => number) =>
    turns.reduce((sum, each) => sum + of(each), 0);
  console.log(`${pairs} pairs of turns of ${seconds} s, ${rps} requests a second`);
  console.log("                  requests  failed      p50      p95      p99");
  for (const side of ["without", "mirrored"] as const) {
    const turns = all(side);
    const ms = pooled(turns);
    const cells = [0.5, 0.95, 0.99].map((part) => `${quantile(ms, part).toFixed(2)} ms`.padStart(9));
    const requests = String(ms.length).padStart(10);
    const failed = String(count(turns, (each) => each.failed)).padStart(8);
    console.log(
      `${(side === "without" ? "without a mirror" : "all mirrored").padEnd(16)}${requests}${failed}${cells.join("")}`,
    );
  }
  for (const part of [0.5, 0.95, 0.99]) {
    const [low, ratio, high] = interval(measured, part);
    const verdict =
      high <= MOST ? `at most ${MOST}` : low > MOST ? `more than ${MOST}` : `${MOST} is not decided`;
    console.log(
      `ratio of p${part * 100}: ${ratio.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)}): ${verdict}; changes below ${(((high - low) / 2) * 100).toFixed(1)} % are not seen`,
    );
  }
}

/** The ratio of a quantile, mirrored to without, and its interval of 95 % by resampling pairs of turns. */
function interval(measured: readonly Pair[], part: number): [number, number, number] {
  const ratioOf = (sampled: readonly Pair[]): number =>
    quantile(pooled(sampled.map(({ mirrored }) => mirrored)), part) /
    quantile(pooled(sampled.map(({ without }) => without)), part);
  const drawn = Array.from({ length: RESAMPLES }, () =>
    ratioOf(measured.map(() => measured[Math.floor(random() * measured.length)] as Pair)),
  ).sort((a, b) => a - b);
  return [
    drawn[Math.floor(RESAMPLES * 0.025)] ?? Number.NaN,
    ratioOf(measured),
    drawn[Math.floor(RESAMPLES * 0.975)] ?? Number.NaN,
  ];
}

function pooled(turns: readonly Turn[]): Float64Array {
  return new Float64Array(turns.flatMap(({ ms }) => ms)).sort();
}

function quantile(sorted: Float64Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
