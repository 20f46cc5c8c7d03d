import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mixedSeed, seededRandom } from "../../scripts/traffic/random.ts";
import { minimised, MOST_BYTES, mutated } from "./mutate.ts";

/** A target of the fuzzer. */
export interface FuzzTarget {
  readonly name: string;
  /** Keywords of the format, which random bytes would rarely contain. */
  readonly words: readonly string[];
  /** For a reader whose time grows with the input: the size of most inputs, in bytes; one in twenty may be larger. */
  readonly usualBytes?: number;
  /** Reads an input, and checks the invariants of the result. @throws if one is violated */
  run(input: Buffer): void | Promise<void>;
}

/** A minimised input that fails. */
export interface FuzzFailure {
  input: Buffer;
  /** The error's first line. */
  what: string;
}

export interface FuzzResult {
  inputs: number;
  /** The slowest input and its processor time in milliseconds. */
  slowestMs: number;
  slowest: Buffer;
  failure: FuzzFailure | undefined;
}

export interface FuzzOptions {
  inputs: number;
  /** A 32-bit integer: the same seed gives the same inputs. */
  seed: number;
  corpus: readonly Buffer[];
  onProgress?: (done: number) => void;
}

/** The maximum processor time for an input of at most 4 KB, in milliseconds. */
const MOST_MS = 1_000;
const LARGE_SHARE = 0.05;
const PROGRESS_EVERY = 50_000;

/** Reads the corpus, then mutations of it, until one fails. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  const { inputs, seed, corpus, onProgress } = options;
  const random = seededRandom(mixedSeed(seed));
  const result: FuzzResult = { inputs: 0, slowestMs: 0, slowest: Buffer.alloc(0), failure: undefined };
  for (let i = 0; i < inputs; i++) {
    const input = corpus[i] ?? mutated(random, corpus, target.words, sizeOf());
    const { what, ms } = await tried(target, input);
    result.inputs++;
    if (ms > result.slowestMs) {
      result.slowestMs = ms;
      result.slowest = input;
    }
    if (what !== undefined) {
      const fails = async (smaller: Buffer): Promise<boolean> => (await tried(target, smaller)).what === what;
      result.failure = { input: await minimised(input, fails), what };
      return result;
    }
    if (i % PROGRESS_EVERY === PROGRESS_EVERY - 1) onProgress?.(i + 1);
  }
  return result;

  function sizeOf(): number {
    const { usualBytes } = target;
    return usualBytes === undefined || random() < LARGE_SHARE ? MOST_BYTES : usualBytes;
  }
}

/** The failure of an input, if any, and its processor time. */
async function tried(target: FuzzTarget, input: Buffer): Promise<{ what: string | undefined; ms: number }> {
  const begun = performance.now();
  let what: string | undefined;
  try {
    await target.run(Buffer.from(input));
  } catch (error) {
    what = error instanceof Error ? `${error.name}: ${error.message.split("\n")[0]}` : String(error);
  }
  let ms = performance.now() - begun;
  if (ms > MOST_MS && what === undefined) {
    // Processor time, because of other load on the machine; the previous run has warmed everything up.
    const before = process.cpuUsage();
    await target.run(Buffer.from(input));
    const { user, system } = process.cpuUsage(before);
    ms = (user + system) / 1_000;
    if (ms > MOST_MS) what = `it takes more than ${MOST_MS} ms`;
  }
  return { what, ms };
}

const CORPUS = join(import.meta.dir, "corpus");

/** The corpus of a target, in the order of its file names. */
export async function corpusOf(name: string): Promise<Buffer[]> {
  const folder = join(CORPUS, name);
  const files = (await readdir(folder)).sort();
  return Promise.all(files.map((file) => readFile(join(folder, file))));
}

/** Adds a failed input to the corpus, so that each later run begins with it. @returns its file */
export async function keepFailure(name: string, { input }: FuzzFailure): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256").update(input).digest("hex").slice(0, 12);
  const file = join(CORPUS, name, `failed-${hash}`);
  await mkdir(join(CORPUS, name), { recursive: true });
  await writeFile(file, input);
  return file;
}
