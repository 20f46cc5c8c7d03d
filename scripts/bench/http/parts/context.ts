import type { Generator, LoadFigures, LoadOptions } from "../load/load.ts";
import { cpuSeconds } from "../pinned-process.ts";
import type { Sample } from "../rounds.ts";

/** The context of a run. */
export interface BenchContext {
  /** The repository. */
  project: string;
  /** A folder for logs and other files of this run. */
  scratch: string;
  generator: Generator;
  rounds: number;
  seconds: number;
  /** Reports progress on stderr. */
  say(text: string): void;
  /** Records a measurement that is skipped, and why. */
  skip(text: string): void;
}

const CONNECTIONS = 32;

/** One measurement of the server at an address, with the processor time of its process. */
export async function sample(
  context: BenchContext,
  url: string,
  pid: number | undefined,
  { seconds = context.seconds, connections = CONNECTIONS, body }: Partial<Omit<LoadOptions, "url">> = {},
): Promise<Sample> {
  const before = pid === undefined ? undefined : await cpuSeconds(pid);
  const figures: LoadFigures = await context.generator.run({ url, seconds, connections, body });
  const after = pid === undefined ? undefined : await cpuSeconds(pid);
  const used = before === undefined || after === undefined ? 0 : after - before;
  return { ...figures, perCpuSecond: used > 0 ? figures.requests / used : undefined };
}

/** Sends load without measuring, so that the code is compiled before the measurement. */
export async function warmUp(context: BenchContext, url: string, body?: string): Promise<void> {
  await context.generator.run({ url, seconds: Math.max(2, context.seconds), connections: CONNECTIONS, body });
}
