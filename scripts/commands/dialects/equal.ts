import { Command, Option } from "commander";
import { EXIT, Failure } from "../../exit.ts";
import { formatProblem } from "../../manifests/problem.ts";
import { didYouMean } from "../../nearest.ts";
import type { Comparison, Progress } from "../../traffic/equal/comparison.ts";
import { count, time } from "../../format.ts";
import { duration } from "../options/option-values.ts";
import { existing, inFolder, type ReadPaths, readPaths } from "./read-paths.ts";
import { dirOption } from "../options/place-options.ts";
import { print } from "../../text/print.ts";
import { OUTPUT_FORMATS, printData, type OutputFormat } from "../../text/data.ts";

interface EqualFlags {
  host?: string;
  with: string[];
  revisionHeader: string;
  domain: string;
  limit: number;
  byShare: boolean;
  dir: string;
  output?: OutputFormat;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

// Most comparisons end sooner.
const FIRST_PROGRESS_MS = 2_000;
const PROGRESS_MS = 500;

/** The exit code of `kyc equal` if it cannot decide. */
const UNKNOWN = 3;

/** `kyc equal`: decides whether two descriptions route every request the same way. */
export function equalCommand(): Command {
  return new Command("equal")
    .description("decides whether two descriptions send every request the same way")
    .argument(
      "<a>",
      "Knative Services, VirtualServices or both: a file, a folder, a kustomization, or - for standard input",
    )
    .argument("<b>", "the description to compare it with, in either language")
    .option("--host <host>", "compares this host only; HOST_A=HOST_B if its name differs")
    .option(
      "--with <path>",
      "files that both descriptions refer to (repeatable; default: knative)",
      collect,
      [],
    )
    .option(
      "--revision-header <name>",
      "the response header that names the revision; none if there is no such header",
      "x-kyc-revision",
    )
    .option("--domain <domain>", "the domain of public Knative Services", "example.com")
    .option(
      "--by-share",
      "compares the shares of a split by buckets, as if each request had a random bucket",
      false,
    )
    .addOption(dirOption())
    .addOption(
      new Option("--limit <time>", "the time limit of the comparison, after which the rest is undecided")
        .argParser(duration)
        .default(60_000, "60s"),
    )
    .addOption(new Option("-o, --output <format>", "the result as data").choices(OUTPUT_FORMATS))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc equal istio/split/by-knative istio/split/by-istio    are Knative's percents and Istio's weights equal?
  ./kyc equal service.yaml virtual-service.yaml              is a VirtualService equal to a Knative Service?
  ./kyc equal old new --host checkout.shop.svc.cluster.local
  ./kyc equal by-buckets.yaml by-weights.yaml --by-share     does each revision get the same share?
  ./kyc equal a.yaml b.yaml -o json

Equal means: each valid HTTP request in ASCII reaches the same revisions with the same probabilities, and path, headers,
redirects, response headers, mirrors, delays, timeouts and retries are the same. The host and Knative's own headers may
differ, as long as Knative's activator finds the revision by them. A difference is printed with a request that shows it,
or, if no request can, with the two values and their lines.
Exit codes: 0 equal, 1 different, 2 wrong usage or invalid files, 3 undecided, with the reason.`,
    )
    .action(async (a: string, b: string, flags: EqualFlags) => {
      process.exitCode = await runEqual(a, b, flags);
    });
}

async function runEqual(a: string, b: string, flags: EqualFlags): Promise<number> {
  const [{ prepare }, { compareViews }, { entriesOf, hostsOf, namedEntries }] = await Promise.all([
    import("../../traffic/equal/prepare.ts"),
    import("../../traffic/equal/views.ts"),
    import("../../traffic/equal/entries.ts"),
  ]);
  const startedAt = performance.now();
  const given = flags.with.length > 0 ? flags.with : await existing([inFolder(flags.dir, "knative")]);
  const [ofA, ofB, around] = await Promise.all([readPaths([a]), readPaths([b]), readPaths(given)]);
  const assumed = flags.byShare ? await drawBuckets([ofA, ofB, around]) : [];
  const sides = [
    { name: a, documents: ofA.documents },
    { name: b, documents: ofB.documents },
  ] as const;
  const prepared = prepare(sides, around.documents, flags.domain);
  const errors = [...ofA.problems, ...ofB.problems, ...prepared.errors];
  if (errors.length > 0) throw new Failure([...new Set(errors.map(formatProblem))].join("\n"), EXIT.usage);
  const entries = flags.host === undefined ? entriesOf(prepared.a, prepared.b) : named(flags.host);
  if (entries.areApart === true) {
    const all = [hostsOf(prepared.a), hostsOf(prepared.b)].map((hosts) => hosts.join(", ") || "no host");
    throw new Failure(
      `${a} and ${b} have no host in common.\n${a}: ${all[0]}\n${b}: ${all[1]}\nName the hosts to compare: --host HOST_A=HOST_B`,
      EXIT.usage,
    );
  }
  const revisionHeader = flags.revisionHeader === "none" ? undefined : flags.revisionHeader.toLowerCase();
  const progress = new ComparisonProgress(startedAt);
  const result = compareViews(prepared.views, entries, {
    revisionHeader,
    notes: [...prepared.notes, ...assumed],
    doubts: prepared.doubts,
    isTimeUp: () => performance.now() - startedAt > flags.limit,
    onProgress: (now) => progress.show(now),
  });
  progress.clear();
  if (flags.output !== undefined) await printData({ a, b, ...result }, flags.output);
  else await draw(result, [a, b]);
  return { equal: EXIT.ok, different: EXIT.failed, unknown: UNKNOWN }[result.verdict];

  function named(host: string): ReturnType<typeof namedEntries> {
    const [hostA = "", hostB = hostA] = host.split("=");
    const found = namedEntries(prepared.a, prepared.b, [hostA, hostB]);
    if (found.entries.length > 0) return found;
    const known = [...hostsOf(prepared.a), ...hostsOf(prepared.b)];
    throw new Failure(`Neither side has the host ${host}; ${didYouMean(hostA, new Set(known))}`, EXIT.usage);
  }
}

/** Rewrites splits by buckets as ones by weights. @returns notes about it */
async function drawBuckets(paths: readonly ReadPaths[]): Promise<string[]> {
  const { bucketsAsWeights } = await import("../../traffic/split/buckets-as-weights.ts");
  const notes = paths.flatMap((path) => {
    const { documents, notes } = bucketsAsWeights(path.documents);
    path.documents = documents;
    return notes;
  });
  return [...new Set(notes)];
}

/** A progress line on standard error, if that is a terminal and the comparison takes long. */
class ComparisonProgress {
  readonly #startedAt: number;
  #shownAt: number | undefined;

  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  show({ places, cells }: Progress): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.#startedAt < FIRST_PROGRESS_MS) return;
    if (this.#shownAt !== undefined && now - this.#shownAt < PROGRESS_MS) return;
    this.#shownAt = now;
    const of = places.all === 1 ? "" : `place ${places.done + 1} of ${places.all}, `;
    const done = `${of}${count(cells)} kinds of requests, ${time(now - this.#startedAt)}`;
    process.stderr.write(`\r\x1b[Kcomparing: ${done}`);
  }

  clear(): void {
    if (this.#shownAt !== undefined) process.stderr.write("\r\x1b[K");
  }
}

async function draw(result: Comparison, names: readonly [string, string]): Promise<void> {
  const [{ drawComparison }, { styleFor }] = await Promise.all([
    import("../../terminal/draw-comparison.ts"),
    import("../../terminal/style.ts"),
  ]);
  print(drawComparison(result, names, styleFor(process.stdout)).join("\n"));
}
