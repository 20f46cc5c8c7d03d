import type { Figure } from "../figure.ts";
import { seededRandom } from "../../traffic/random.ts";
import { eBenjaminiHochberg } from "../../shadow/statistics/e-bh.ts";
import { logAbove } from "../../shadow/statistics/excess.ts";
import { RISKS } from "../../shadow/risks.ts";
import { binomial, decisionPath, type Ending, type Rates } from "./decision-path.ts";
import { watchedByDiffy } from "./diffy.ts";

/** The candidate's behaviour, and the limit by which it is judged. */
interface Scenario extends Rates {
  readonly name: string;
  readonly limit: number;
  /** The number of pairs after which a comparison ends undecided. */
  readonly most: number;
}

const LIMIT = 0.001;
// The number of default limits of an answer with nine fields: each field in two directions.
const LIMITS = 18;

const SCENARIOS = {
  rare: {
    name: "candidate alone differs in 0.01 %",
    candidate: 0.0001,
    control: 0,
    limit: LIMIT,
    most: 60_000,
  },
  exact: {
    name: "candidate alone differs in 0.1 %",
    candidate: 0.001,
    control: 0,
    limit: LIMIT,
    most: 60_000,
  },
  often: { name: "candidate alone differs in 1 %", candidate: 0.01, control: 0, limit: LIMIT, most: 60_000 },
  noisy: {
    name: "both versions differ from themselves in 1 %",
    candidate: 0.005,
    control: 0.005,
    limit: LIMIT,
    most: 60_000,
  },
} satisfies Record<string, Scenario>;

/** The setting in which one field of one segment is flipped. */
const SEGMENTS = { segments: 12, fields: 9, directions: 2, rate: 0.005, background: 0.0001, pairs: 100_000 };

/** The results of a scenario, as shares of the runs. */
export interface Cell {
  scenario: string;
  accepted: number;
  rejected: number;
  /** The number of pairs until the most frequent decision; null if most runs reach none. */
  medianPairs: number | null;
  diffy: { flaggedAtEnd: number; flaggedEver: number };
}

export interface ShadowBench {
  runs: number;
  seed: number;
  cells: Cell[];
  segments: { named: number; falseNames: number; pairs: number };
  figures: Figure[];
}

export interface ShadowBenchOptions {
  runs: number;
  seed: number;
}

/** Compares simulated versions many times, with the verdict of `shadow` and with Diffy's rule. */
export function benchShadow({ runs, seed }: ShadowBenchOptions): ShadowBench {
  // One stream for all runs, because the streams of neighbouring seeds are similar.
  const random = seededRandom(seed);
  const measured = (scenario: Scenario): Cell => measure(scenario, runs, random);
  const [rare, exact, often, noisy] = [
    measured(SCENARIOS.rare),
    measured(SCENARIOS.exact),
    measured(SCENARIOS.often),
    measured(SCENARIOS.noisy),
  ];
  const segments = measureSegments(runs, random);
  const figures: Figure[] = [
    {
      name: "accepting “below 0.1 %” at a rate of 0.01 %",
      wanted: "median of 6,000 pairs at most",
      reached: `${rare.medianPairs ?? "no"} pairs`,
      ok: rare.accepted > 0.5 && (rare.medianPairs ?? Number.POSITIVE_INFINITY) <= 6_000,
    },
    atMost("falsely accepted at exactly 0.1 %", exact.accepted, RISKS.accept),
    atMost("rejected if only noise differs", noisy.rejected, RISKS.reject),
    {
      name: "a field flipped for 0.5 % of one of 12 segments is named",
      wanted: "95 % at least",
      reached: share(segments.named),
      ok: segments.named >= 0.95,
    },
    atMost("another field or segment is named", segments.falseNames, RISKS.named),
  ];
  return { runs, seed, cells: [rare, exact, often, noisy], segments, figures };
}

function measure(scenario: Scenario, runs: number, random: () => number): Cell {
  const { name, candidate, control, limit, most } = scenario;
  const options = {
    limit,
    accepting: -Math.log(RISKS.accept),
    rejecting: Math.log(LIMITS / RISKS.reject),
    most,
  };
  const endings = Array.from({ length: runs }, () => decisionPath({ candidate, control }, options, random));
  const by = (verdict: Ending["verdict"]) => endings.filter((ending) => ending.verdict === verdict);
  const [accepted, rejected] = [by("accepted"), by("rejected")];
  // Diffy's raw and noise differences: the control's first answer differs from the candidate's, or from its second.
  const rates = { raw: candidate + control, noise: 2 * control };
  const diffy = Array.from({ length: runs }, () => watchedByDiffy(rates, DIFFY_PAIRS, random));
  return {
    scenario: name,
    accepted: accepted.length / runs,
    rejected: rejected.length / runs,
    medianPairs: median([accepted, rejected].find(({ length }) => length > runs / 2) ?? []),
    diffy: {
      flaggedAtEnd: diffy.filter(({ atEnd }) => atEnd).length / runs,
      flaggedEver: diffy.filter(({ ever }) => ever).length / runs,
    },
  };
}

// Diffy does not specify how long it must run.
const DIFFY_PAIRS = 10_000;

function measureSegments(runs: number, random: () => number): ShadowBench["segments"] {
  const { segments, fields, directions, rate, background, pairs } = SEGMENTS;
  const each = Math.floor(pairs / segments);
  const hypotheses = segments * fields * directions;
  let [named, falseNames] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const flipped = Math.floor(random() * hypotheses);
    const logs = Array.from({ length: hypotheses }, (_, i) => {
      const candidate = binomial(each, i === flipped ? rate : background, random);
      return logAbove({ pairs: each, candidate, control: 0 }, LIMIT);
    });
    const rejected = eBenjaminiHochberg(logs, RISKS.named);
    if (rejected.includes(flipped)) named++;
    if (rejected.some((i) => i !== flipped)) falseNames++;
  }
  return { named: named / runs, falseNames: falseNames / runs, pairs };
}

function atMost(name: string, reached: number, most: number): Figure {
  return { name, wanted: `${share(most)} at most`, reached: share(reached), ok: reached <= most };
}

function median(endings: readonly Ending[]): number | null {
  return endings.map(({ pairs }) => pairs).sort((a, b) => a - b)[Math.floor(endings.length / 2)] ?? null;
}

function share(value: number): string {
  return `${Number((value * 100).toPrecision(3))} %`;
}
