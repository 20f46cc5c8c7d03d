import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { kyc } from "../../scripts/commands/testing/kyc-process.ts";
import { PROJECT } from "../../scripts/project.ts";
import { descendants, type Fault, onMesh, resumed, rolloutOf, splitIn, type Stage } from "./scenario.ts";

const STOPPED_MS = 5_000;

/** Stops a process for five seconds, as a debugger or a machine without free memory would. */
async function stopped(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await Bun.sleep(STOPPED_MS);
  process.kill(pid, "SIGCONT");
}

/** The process of a revision of the credit check. */
async function revisionPid({ dev, root }: Stage): Promise<number> {
  const pids = await descendants(dev.pid);
  for (const pid of pids) {
    const command = await Bun.file(`/proc/${pid}/environ`).text();
    if (command.includes("credit-check")) return pid;
  }
  throw new Error(`no revision runs from ${root}`);
}

/** The result of a rollout: its exit code and the remaining split. */
async function endOf(stage: Stage, child: Bun.Subprocess, codes: readonly number[]) {
  const code = await child.exited;
  const split = await splitIn(stage.root);
  const wanted = code === 0 ? "0/100" : code === 1 ? "100/0" : split;
  return { ended: `exit ${code}, ${split}`, right: codes.includes(code) && split === wanted };
}

/** Mounts a file system of a given size, and unmounts it afterwards. */
async function mounted<T>(folder: string, size: string, use: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true });
  const mount = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]);
  if (mount.exitCode !== 0) throw new Error(mount.stderr.toString());
  try {
    return await use();
  } finally {
    Bun.spawnSync(["umount", "-l", folder]);
  }
}

/** Faults of processes: killed, stopped, or out of resources. */
export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: "kill -9 of a rollout",
    run: () =>
      onMesh("kill -9 of a rollout", async (stage) => {
        const child = await rolloutOf(stage);
        child.kill("SIGKILL");
        await child.exited;
        const ended = await resumed(stage);
        return { ended, right: ended.endsWith("exit 0, 0/100") };
      }),
  },
  {
    name: "SIGSTOP of a rollout",
    run: () =>
      onMesh("SIGSTOP of a rollout", async (stage) => {
        const child = await rolloutOf(stage);
        await stopped(child.pid);
        return endOf(stage, child, [0]);
      }),
  },
  {
    name: "kill -9 of a revision",
    run: () =>
      onMesh("kill -9 of a revision", async (stage) => {
        const child = await rolloutOf(stage, "--on-undecided", "abort");
        process.kill(await revisionPid(stage), "SIGKILL");
        return endOf(stage, child, [0, 1]);
      }),
  },
  {
    name: "SIGSTOP of a revision",
    run: () =>
      onMesh("SIGSTOP of a revision", async (stage) => {
        const child = await rolloutOf(stage);
        await stopped(await revisionPid(stage));
        return endOf(stage, child, [0, 1]);
      }),
  },
  {
    name: "kill -9 of the mesh",
    run: () =>
      onMesh("kill -9 of the mesh", async (stage) => {
        const child = await rolloutOf(stage);
        stage.dev.kill("SIGKILL");
        await stage.restart();
        return endOf(stage, child, [0, 1]);
      }),
  },
  {
    name: "SIGSTOP of the mesh",
    run: () =>
      onMesh("SIGSTOP of the mesh", async (stage) => {
        const child = await rolloutOf(stage);
        await stopped(stage.dev.pid);
        return endOf(stage, child, [0, 1]);
      }),
  },
  {
    name: "full disk",
    missing: () => (process.getuid?.() === 0 ? undefined : "only root may mount a file system"),
    run: () =>
      onMesh("full disk", async (stage) => {
        const folder = join(stage.root, ".kyc", "rollouts");
        return mounted(folder, "64k", async () => {
          const child = await rolloutOf(stage, "--step-time", "60s");
          const said = new Response(child.stderr).text();
          // Fills the rest of the disk.
          await Bun.write(join(folder, "filling"), Buffer.alloc(1 << 20)).catch(() => undefined);
          await kyc("fault", "credit-check", "advanced", "--error", "80%", "--dir", stage.root);
          const { ended, right } = await endOf(stage, child, [1]);
          const isSentence = !/^\s+at .*\.ts:\d+/m.test(await said);
          return { ended: `${ended}${isSentence ? "" : ", with a stack trace"}`, right: right && isSentence };
        });
      }),
  },
  {
    name: "64 descriptors",
    run: () =>
      onMesh(
        "64 descriptors",
        async (stage) => {
          const { hostname, port } = new URL(stage.dev.ingress);
          const sockets = await Promise.allSettled(
            Array.from({ length: 200 }, () =>
              Bun.connect({
                hostname,
                port: Number(port),
                socket: { data() {}, error() {}, connectError() {} },
              }),
            ),
          );
          await Bun.sleep(3_000);
          for (const each of sockets) if (each.status === "fulfilled") each.value.end();
          await Bun.sleep(2_000);
          const { status } = await fetch(`${stage.dev.ingress}/kyc/v1/customer`);
          return { ended: `${status} afterwards`, right: status === 200 };
        },
        ["sh", "-c", `ulimit -n 64; exec "$@"`, "sh", process.execPath, join(PROJECT, "scripts/kyc.ts")],
      ),
  },
];
