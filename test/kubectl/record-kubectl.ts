import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CASES } from "./kubeconfig-cases.ts";
import { Trial } from "./world.ts";

// Records the results of the kubectl on the PATH for each kubeconfig of the table: bun test/kubectl/record-kubectl.ts
const FILE = join(import.meta.dir, "fixtures/outcomes.json");

await using trial = await Trial.start();
const version = Bun.spawnSync(["kubectl", "version", "--client", "-o", "json"]).stdout.toString();
const outcomes: Record<string, unknown> = {};
for (const each of CASES) {
  const outcome = await trial.run(each, async (env) => {
    const child = Bun.spawn(["kubectl", "get", "--raw", "/readyz", "--request-timeout=5s"], {
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    const said = await child.stderr.text();
    const code = await child.exited;
    if (code !== 0) console.log(`  ${said.trim().split("\n").at(-1)}`);
    return code === 0;
  });
  console.log(each.name, JSON.stringify(outcome));
  outcomes[each.name] = outcome;
}
const { clientVersion } = JSON.parse(version) as { clientVersion: { gitVersion: string } };
const recorded = { kubectl: clientVersion.gitVersion, outcomes };
await writeFile(FILE, `${JSON.stringify(recorded, undefined, 2)}\n`);
