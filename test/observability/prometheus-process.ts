import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import Type from "typebox";
import { Check } from "typebox/schema";
import { freePort } from "../../functions/shared/testing/sockets.ts";
import type { RunningDev } from "../../scripts/commands/testing/kyc-process.ts";
import { ruleFileOfPrometheus } from "./observability-files.ts";

const SCRAPE_SECONDS = 2;

const QueryAnswer = Type.Object({
  status: Type.Literal("success"),
  data: Type.Object({ result: Type.Array(Type.Unknown()) }),
});

/** Checks the alerting and recording rules with `promtool`. @throws with its output */
export async function checkRules(folder: string): Promise<void> {
  const file = join(folder, "rules.yml");
  await writeFile(file, await ruleFileOfPrometheus());
  const child = Bun.spawn(["promtool", "check", "rules", file], { stdout: "pipe", stderr: "inherit" });
  if ((await child.exited) !== 0) throw new Error(`promtool: ${await child.stdout.text()}`);
}

interface Setup {
  dev: RunningDev;
  /** Where its configuration, data and log are written. */
  folder: string;
  /** The executable. */
  program: string;
}

/** Starts a Prometheus that scrapes the local mesh and, with the mesh as HTTP proxy, the services. */
export async function startPrometheus({ dev, folder, program }: Setup) {
  const port = await freePort();
  const services = ["kyc-aggregator", "basic-credit-check", "advanced-credit-check"];
  const config = {
    global: { scrape_interval: `${SCRAPE_SECONDS}s`, evaluation_interval: `${SCRAPE_SECONDS}s` },
    rule_files: [join(folder, "rules.yml")],
    scrape_configs: [
      {
        job_name: "mesh",
        metrics_path: "/_mesh/metrics",
        static_configs: [{ targets: [new URL(dev.ingress).host] }],
      },
      {
        job_name: "services",
        honor_labels: true,
        proxy_url: dev.local,
        static_configs: [{ targets: services.map((name) => `${name}.kyc.svc.cluster.local:80`) }],
      },
    ],
  };
  const file = join(folder, "prometheus.yml");
  await writeFile(file, JSON.stringify(config));
  const flags = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, "data")}`];
  const child = Bun.spawn([program, ...flags, `--web.listen-address=127.0.0.1:${port}`], {
    stdout: "ignore",
    stderr: Bun.file(join(folder, "prometheus.log")),
  });
  const url = `http://127.0.0.1:${port}`;
  while ((await fetch(`${url}/-/ready`).catch(() => undefined))?.ok !== true) {
    if (child.exitCode !== null) throw new Error(await Bun.file(join(folder, "prometheus.log")).text());
    await Bun.sleep(50);
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

/** Whether this instant query returns any series; throws if Prometheus refuses it. */
export async function hasData(url: string, expr: string): Promise<boolean> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
  const answer: unknown = await response.json();
  if (!Check(QueryAnswer, answer)) throw new Error(`${expr}: ${JSON.stringify(answer)}`);
  return answer.data.result.length > 0;
}

/** The errors of rules that this Prometheus could not evaluate. */
export async function ruleErrors(url: string): Promise<string[]> {
  const text = await (await fetch(`${url}/api/v1/rules`)).text();
  return [...text.matchAll(/"lastError":"((?:[^"\\]|\\.)+)"/g)].map(
    ([, error]) => `a rule has an error: ${error}`,
  );
}
