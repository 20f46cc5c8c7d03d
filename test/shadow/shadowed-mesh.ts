import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type RunningDev, startDev } from "../../scripts/commands/testing/kyc-process.ts";
import { steadyLoad } from "../../scripts/load/steady.ts";
import { PROJECT } from "../../scripts/project.ts";
import { sampleToRun } from "../sample.ts";

/** The failed requests and the latencies in milliseconds of one turn of load. */
export interface Turn {
  failed: number;
  ms: number[];
}

/** The load of a turn: its length in seconds, and its requests per second. */
export interface Load {
  seconds: number;
  rps: number;
}

const MIRRORED_WITHIN_MS = 30_000;

/** A local mesh from the sample, with all traffic on the basic check, which can be compared in shadow. */
export interface ShadowedMesh extends AsyncDisposable {
  root: string;
  dev: RunningDev;
  /** The file to which the comparison adds its mirror. */
  routes: string;
  /** Starts a comparison of all requests, which lasts until SIGTERM. */
  startShadow(): Bun.Subprocess;
  /** Resolves with the text of the routes when they have a mirror. @throws if that takes longer than 30 s */
  mirrored(): Promise<string>;
  /** Sends POST requests with applicants. */
  turn(load: Load): Promise<Turn>;
}

/** Starts the mesh; it ends with its scope. */
export async function startShadowedMesh(): Promise<ShadowedMesh> {
  const sample = await sampleToRun([
    {
      file: "knative/credit-check/2-advanced.yaml",
      from: /percent: 50([\s\S]*)percent: 50/,
      to: "percent: 100$1percent: 0",
    },
  ]);
  const { root } = sample;
  await cp(join(PROJECT, "shadow"), join(root, "shadow"), { recursive: true });
  const dev = await startDev(["--dir", root]);
  const routes = join(root, "istio/split/by-knative/virtual-service.yaml");
  return {
    root,
    dev,
    routes,
    startShadow() {
      const command = [process.execPath, join(PROJECT, "scripts/kyc.ts"), "shadow", "credit-check"];
      const flags = ["--to", "advanced", "--percent", "100", "--to-the-end", "--dir", root];
      return Bun.spawn([...command, ...flags], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    },
    async mirrored() {
      const until = performance.now() + MIRRORED_WITHIN_MS;
      for (;;) {
        const text = await readFile(routes, "utf8");
        if (text.includes("mirror:")) return text;
        if (performance.now() > until) throw new Error("./kyc shadow has added no mirror within 30 s");
        await Bun.sleep(20);
      }
    },
    async turn({ seconds, rps }) {
      const result: Turn = { failed: 0, ms: [] };
      await steadyLoad({
        url: `${dev.ingress}/kyc/v1/customer`,
        rps,
        body: (sent) =>
          JSON.stringify({ applicantId: `A-${sent}`, name: `Person ${sent}`, nationality: "SE" }),
        signal: AbortSignal.timeout(seconds * 1000),
        onResult({ status, ms }) {
          result.ms.push(ms);
          if (status !== 200) result.failed++;
        },
      });
      return result;
    },
    async [Symbol.asyncDispose]() {
      await dev[Symbol.asyncDispose]();
      await sample[Symbol.asyncDispose]();
    },
  };
}
