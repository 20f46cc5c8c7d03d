import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT, versions } from "../project.ts";

/**
 * Tests a program or package of a release in a user's environment: in a separate folder, without files from this repository,
 * and without Bun on the PATH. The arguments are the command line of kyc.
 *
 *   bun scripts/release/try-program.ts dist/kyc-linux-x64
 *   bun scripts/release/try-program.ts npx --yes --package ./kyc-0.1.0.tgz kyc
 */
const program = process.argv.slice(2);
if (program.length === 0) throw new Error("which program? For example: dist/kyc-linux-x64");

/** A service without packages. */
const SERVICE = `Bun.serve({
  hostname: process.env.HOST,
  port: Number(process.env.PORT),
  fetch: () => Response.json({ from: process.env.K_REVISION }),
});
`;
const STARTS_WITHIN_MS = 120_000;
const PAGES = ["", "/page/style.css", "/page/main.js", "/page/icon.svg", "/state", "/metrics"];

const folder = await mkdtemp(join(tmpdir(), "kyc-user-"));
const problems: string[] = [];
try {
  for (const name of ["knative", "istio"]) {
    await cp(join(PROJECT, "test/fixtures/kyc", name), join(folder, name), { recursive: true });
  }
  for (const name of ["credit-check", "kyc-aggregator"]) {
    await mkdir(join(folder, "functions", name), { recursive: true });
    await writeFile(join(folder, "functions", name, "main.ts"), SERVICE);
  }
  await expectOutput(["--version"], versions().kyc);
  await expectOutput(["--help"], "rollout");
  await expectOutput(["lint"], "nothing found");
  await expectOutput(["equal", "istio/split/by-knative", "istio/split/by-istio"], "equal");
  const shares = ["split", "credit-check", "--traffic", "basic=90,advanced=10"];
  await expectOutput([...shares, "--dry-run"], "50 % → 90 %");
  await tryDev(shares);
} finally {
  await rm(folder, { recursive: true });
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function start(args: readonly string[]) {
  const [name = "", ...first] = program;
  const path = name.includes("/") ? join(process.cwd(), name) : name;
  const given = first.map((argument) =>
    argument.endsWith(".tgz") ? join(process.cwd(), argument) : argument,
  );
  // Only what Node.js and npm need: no Bun is on this PATH.
  const env = { HOME: folder, PATH: "/usr/local/bin:/usr/bin:/bin", NO_COLOR: "1", ...npmSettings() };
  return Bun.spawn([path, ...given, ...args], {
    cwd: folder,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    // A separate process group, so that a signal reaches all of npx, as Ctrl-C does.
    detached: true,
  });
}

/** npm's settings for the registry and the cache. */
function npmSettings(): Record<string, string> {
  const names = Object.keys(process.env).filter((name) => /^npm_config_/i.test(name));
  return Object.fromEntries(names.map((name) => [name, process.env[name] ?? ""]));
}

async function expectOutput(args: readonly string[], part: string): Promise<void> {
  const startedAt = performance.now();
  const child = start(args);
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  console.error(`kyc ${args.join(" ")}: exit code ${code}, ${Math.round(performance.now() - startedAt)} ms`);
  if (code !== 0 || !out.includes(part))
    problems.push(`kyc ${args.join(" ")}: no "${part}" in\n${out}${err}`);
}

/** Starts `dev`, requests the services and each file of the live page, changes the split, and stops it with SIGINT. */
async function tryDev(shares: readonly string[]): Promise<void> {
  const child = start(["dev", "--port", "0"]);
  let output = "";
  const errors = child.stderr.text();
  const reading = (async () => {
    for await (const bytes of child.stdout) output += new TextDecoder().decode(bytes);
  })();
  const ingress = () => /Ingress gateway\s+(http:\S+)/.exec(output)?.[1];
  const end = performance.now() + STARTS_WITHIN_MS;
  while (ingress() === undefined && child.exitCode === null && performance.now() < end) await Bun.sleep(50);
  const origin = ingress();
  if (origin === undefined) {
    process.kill(-child.pid, "SIGKILL");
    problems.push(`kyc dev does not start:\n${output}${await errors}`);
    return;
  }
  const answer = await (await fetch(`${origin}/credit-check/report`)).text();
  if (!answer.includes("credit-check-")) problems.push(`kyc dev: a revision answers ${answer}`);
  for (const page of PAGES) {
    const response = await fetch(`${origin}/_mesh${page}`);
    const bytes = (await response.bytes()).length;
    if (!response.ok || bytes < 100)
      problems.push(`/_mesh${page}: status ${response.status}, ${bytes} bytes`);
  }
  await expectOutput(shares, "In force");
  process.kill(-child.pid, "SIGINT");
  const code = await child.exited;
  await reading;
  console.error(`kyc dev: exit code ${code}`);
  const stillAnswers = await fetch(`${origin}/_mesh/process`).then(
    () => true,
    () => false,
  );
  if (stillAnswers) problems.push("kyc dev ended, and its mesh still answers");
}
