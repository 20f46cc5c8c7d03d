import { readFile } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { EXIT, Failure } from "../../exit.ts";
import type { LoadSummary } from "../../load/report.ts";
import { dirOption } from "../options/place-options.ts";
import { duration, perSecond } from "../options/option-values.ts";
import { onCluster, untilInterrupted } from "../cluster/on-cluster.ts";
import { print, printMessage } from "../../text/print.ts";
import { OUTPUT_FORMATS, printData, type OutputFormat } from "../../text/data.ts";
import { messageOf } from "../../text/message-of.ts";

interface LoadFlags {
  rps: number;
  for: number;
  header: Record<string, string>;
  data?: string;
  timeout: number;
  failOnErrors: boolean;
  dir: string;
  context?: string;
  output?: OutputFormat;
}

// On a terminal the line is redrawn; elsewhere each line stays, so the interval is longer.
const LIVE_EVERY_MS = 250;
const PLAIN_EVERY_MS = 10_000;

/** `kyc load`: sends requests at a steady rate, and reports their outcomes. */
export function loadCommand(): Command {
  return new Command("load")
    .description("sends requests at a steady rate, and reports rate, errors, latency and revisions")
    .argument("[url]", "a path in the local mesh, or the full URL of another target", undefined)
    .option("--rps <number>", "requests per second", perSecond, 20)
    .addOption(new Option("--for <time>", "how long").argParser(duration).default(duration("60s"), "60s"))
    .option(
      "-H, --header <field>",
      "a header of each request, such as 'x-user: ann' (repeatable)",
      header,
      {},
    )
    .option("--data <file>", "sends the lines of this file in turn by POST, each one a JSON text")
    .addOption(
      new Option("--timeout <time>", "the time after which a request has failed")
        .argParser(duration)
        .default(duration("30s"), "30s"),
    )
    .option("--fail-on-errors", "exits with 1 if any request fails", false)
    .addOption(dirOption())
    .option(
      "--context <name>",
      "a kubeconfig context; sends to its ingress gateway instead of the local mesh",
    )
    .addOption(new Option("-o, --output <format>", "the result as data").choices(OUTPUT_FORMATS))
    .addHelpText(
      "after",
      `
Examples:
  ./kyc load                                     20 requests per second for a minute, to the ingress of ./kyc dev
  ./kyc load --rps 100 --for 5m                  a higher rate for longer
  ./kyc load /orders/v1                          to another path
  ./kyc load -H 'x-user: ann'                    with a header
  ./kyc load --data requests.ndjson               the lines of a file, by POST
  ./kyc load --context minikube                  to the ingress gateway of a cluster
  ./kyc load http://192.0.2.1/orders/v1          to another machine

Without a path, the first split or request of checks.yaml is used. Requests are sent on schedule even if responses are
slow, so that a slow system does not reduce the load. A request fails if it gets no response, or a status of 400 or
above. The exit code is 0 if the load ran to its end, also with failed requests unless --fail-on-errors is given; it is 1 if
there was no response at all.`,
    )
    .action((url: string | undefined, flags: LoadFlags) => onCluster(() => runLoad(url, flags)));
}

async function runLoad(given: string | undefined, flags: LoadFlags): Promise<void> {
  const interrupted = untilInterrupted();
  const [
    { steadyLoad },
    { LoadReport },
    { LiveTree, isLive },
    { drawLoadLine, drawLoadSummary },
    { styleFor },
  ] = await Promise.all([
    import("../../load/steady.ts"),
    import("../../load/report.ts"),
    import("../../terminal/live-tree.ts"),
    import("../../terminal/draw-load.ts"),
    import("../../terminal/style.ts"),
  ]);
  const { url, revisionHeader } = await targetOf(given, flags, interrupted);
  const bodies = flags.data === undefined ? undefined : await readBodies(flags.data);
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(flags.for)]);
  const startedAt = performance.now();
  const report = new LoadReport(startedAt);
  const live = isLive(process.stderr);
  const tree = new LiveTree({ stream: process.stderr, live });
  const style = styleFor(process.stderr);
  const painting = setInterval(
    () => tree.update([drawLoadLine(report.summary(performance.now()), style)]),
    live ? LIVE_EVERY_MS : PLAIN_EVERY_MS,
  );
  // Sending ends with the signal; the rate excludes the wait for the last responses.
  let endedAt: number | undefined;
  signal.addEventListener("abort", () => (endedAt = performance.now()));
  await steadyLoad({
    url,
    rps: flags.rps,
    headers: flags.header,
    ...(bodies === undefined ? {} : { body: (sent: number) => bodies[sent % bodies.length] as string }),
    revisionHeader,
    signal,
    timeoutMs: flags.timeout,
    onResult: (result) => report.add(result),
  });
  clearInterval(painting);
  tree.update([]);
  tree.end();
  const summary = report.summary(endedAt ?? performance.now());
  if (flags.output !== undefined) await printData({ url, ...summary }, flags.output);
  else print(drawLoadSummary(url, summary, styleFor(process.stdout)).join("\n"));
  if (report.hasOnly(404)) printMessage(notRouted(url, flags));
  process.exitCode = exitCodeOf(summary, interrupted.aborted, flags.failOnErrors);
}

function notRouted(url: string, { context }: LoadFlags): string {
  const { port, pathname } = new URL(url);
  const address = `http://SERVICE.NAMESPACE.localhost:${port}${pathname}`;
  const other = context === undefined ? `A public service also answers at ${address}.` : "";
  return `Every response was 404: unless the service itself answers so, no Gateway and VirtualService lead there. ${other}`.trimEnd();
}

function exitCodeOf(
  { requests, failed, latencyMs }: LoadSummary,
  isInterrupted: boolean,
  failOnErrors: boolean,
): number {
  if (isInterrupted) return EXIT.interrupted;
  const nothingAnswered = requests > 0 && latencyMs === undefined;
  return nothingAnswered || (failOnErrors && failed > 0) ? EXIT.failed : EXIT.ok;
}

async function targetOf(
  given: string | undefined,
  { dir, context }: LoadFlags,
  signal: AbortSignal,
): Promise<{ url: string; revisionHeader: string | undefined }> {
  const [{ readTarget, NoTarget }, { readChecks }] = await Promise.all([
    import("../../load/target.ts"),
    import("../../cluster/checks-file.ts"),
  ]);
  const checks = await readChecks(dir);
  const path = checks?.splits[0]?.path ?? checks?.requests[0]?.path;
  try {
    const { url, isLocal } = readTarget(given, await ingressOf(dir, context, signal), path);
    if (!isLocal) printMessage(`The load goes to ${url}, which is not on this machine.`);
    return { url, revisionHeader: checks?.splits[0]?.revisionHeader };
  } catch (error) {
    if (!(error instanceof NoTarget)) throw error;
    throw new Failure(error.message);
  }
}

/** The bodies of a file, one JSON text per line. @throws Failure with the line that is not JSON */
async function readBodies(path: string): Promise<string[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Failure(`${path} cannot be read: ${messageOf(error)}`, EXIT.usage);
  });
  const bodies = text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    try {
      JSON.parse(line);
    } catch (error) {
      throw new Failure(`${path}:${i + 1}: this line is not JSON: ${messageOf(error)}`, EXIT.usage);
    }
    return [line];
  });
  if (bodies.length === 0)
    throw new Failure(`${path} is empty; one JSON text per line is expected.`, EXIT.usage);
  return bodies;
}

/** The ingress gateway: of the cluster that was named, or of the local mesh, if one runs. */
async function ingressOf(
  dir: string,
  context: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (context === undefined) {
    const { findMesh } = await import("../../mesh/admin/dev-file.ts");
    const mesh = await findMesh(dir);
    return mesh && `http://127.0.0.1:${mesh.port}`;
  }
  const [{ kubeOfContext }, { findIngress }] = await Promise.all([
    import("../../cluster/kube/kube-of-context.ts"),
    import("../../cluster/ingress.ts"),
  ]);
  const { url } = await findIngress({ kube: kubeOfContext(context), given: undefined, signal });
  return url;
}

function header(text: string, before: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([-!#$%&'*+.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e]*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError("A header such as 'x-user: ann' is expected.");
  }
  return { ...before, [name]: value };
}
