import { join } from "node:path";
import Type from "typebox";
import { Check } from "typebox/schema";
import { CORES, pinned } from "../pinned-process.ts";
import { parseWrk } from "./wrk.ts";

/** The result of a load. Times in milliseconds. */
export interface LoadFigures {
  requests: number;
  rps: number;
  p50: number;
  p99: number;
  /** Responses other than 2xx, and requests without a response. */
  failed: number;
}

export interface LoadOptions {
  url: string;
  seconds: number;
  connections: number;
  /** JSON that each request sends by POST; a GET without it. */
  body?: string | undefined;
}

/** A closed loop of requests: each connection sends the next one as soon as it has its answer. */
export interface Generator {
  /** Its name and version, for the report. */
  readonly name: string;
  run(options: LoadOptions): Promise<LoadFigures>;
}

/** wrk if it is installed, because it uses little processor time; else the bundled load generator. */
export async function findGenerator(): Promise<Generator> {
  if (Bun.which("wrk") === null)
    return { name: "the bundled generator (wrk is not installed)", run: runBundled };
  const { output } = await run(["wrk", "-v"]);
  const version = /^wrk (?:debian\/)?([0-9.]+)/m.exec(output)?.[1] ?? "";
  return { name: `wrk ${version}`.trim(), run: runWrk };
}

async function runWrk(options: LoadOptions): Promise<LoadFigures> {
  const { url, seconds, connections, body } = options;
  // wrk takes a body only from a Lua script.
  if (body !== undefined) return runBundled(options);
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "--latency", url];
  const { output, code } = await run(pinned(["wrk", ...args], CORES.load));
  const figures = parseWrk(output);
  if (code !== 0 || figures === undefined) throw new Error(`wrk ${args.join(" ")} failed:\n${output}`);
  return figures;
}

const Figures = Type.Object({
  requests: Type.Number(),
  rps: Type.Number(),
  p50: Type.Number(),
  p99: Type.Number(),
  failed: Type.Number(),
});

async function runBundled({ url, seconds, connections, body }: LoadOptions): Promise<LoadFigures> {
  const script = join(import.meta.dir, "closed-loop.ts");
  const args = [url, String(seconds), String(connections), ...(body === undefined ? [] : [body])];
  const { output } = await run(pinned([process.execPath, script, ...args], CORES.load));
  const figures: unknown = output.startsWith("{") ? JSON.parse(output) : undefined;
  if (!Check(Figures, figures)) throw new Error(`the load to ${url} failed:\n${output}`);
  return figures;
}

async function run(command: string[]): Promise<{ output: string; code: number }> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { output: out + err, code };
}
