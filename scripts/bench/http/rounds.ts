import type { LoadFigures } from "./load/load.ts";

/** The measurement of one side in one round. */
export interface Sample extends LoadFigures {
  /** Requests per second of processor time of the side, if the system reports it. */
  perCpuSecond: number | undefined;
}

/** One side of a comparison over all rounds. */
export interface SideResult {
  name: string;
  /** Medians over the rounds. */
  median: Sample;
  rounds: Sample[];
}

/**
 * Measures each side once in every round, in turn, so that other work on the machine affects all of them equally.
 * @param measure one measurement of the side of this index
 */
export async function interleave(
  names: readonly string[],
  rounds: number,
  measure: (side: number, round: number) => Promise<Sample>,
): Promise<SideResult[]> {
  const samples = names.map((): Sample[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [side] of names.entries()) samples[side]?.push(await measure(side, round));
  }
  return names.map((name, side) => {
    const own = samples[side] ?? [];
    return { name, median: medianSample(own), rounds: own };
  });
}

/**
 * The ratio of two sides: the median of the ratios within each round, which changes between rounds do not affect.
 * @param of the compared value; undefined if it was not measured
 */
export function ratio(
  side: SideResult,
  to: SideResult,
  of: (sample: Sample) => number | undefined,
): number | undefined {
  const ratios = side.rounds.flatMap((sample, round) => {
    const other = to.rounds[round];
    const [a, b] = [of(sample), other && of(other)];
    return a === undefined || b === undefined || b === 0 ? [] : [a / b];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}

/** The median. @throws if there are no values */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("the median of nothing");
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] as number;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] as number;
  return (upper + lower) / 2;
}

function medianSample(samples: readonly Sample[]): Sample {
  const of = (value: (sample: Sample) => number): number => median(samples.map(value));
  const perCpu = samples.flatMap(({ perCpuSecond }) => (perCpuSecond === undefined ? [] : [perCpuSecond]));
  return {
    requests: of(({ requests }) => requests),
    rps: of(({ rps }) => rps),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    failed: samples.reduce((sum, { failed }) => sum + failed, 0),
    perCpuSecond: perCpu.length === 0 ? undefined : median(perCpu),
  };
}
