import { chmod, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { versions } from "../project.ts";
import { FileLock } from "../rollout/lock/file-lock.ts";
import { type Held, LockTaken } from "../rollout/lock/lock.ts";
import { printMessage } from "../text/print.ts";
import { buildProgram } from "./program.ts";

/**
 * Makes the program in `.kyc/` that `./kyc` runs in place of the sources, unless another process is making it. Its
 * modification time is the start of the build, so a source that changes meanwhile makes it outdated. A failure leaves an
 * empty file, and the next build starts when a source has changed.
 *
 *   bun scripts/release/checkout-program.ts PROGRAM           exits if another process is making it
 *   bun scripts/release/checkout-program.ts PROGRAM --wait    waits for the other
 */
const [, , program = "", wait] = process.argv;
if (program === "") throw new Error("the path of the program is missing");
const partial = `${program}.partial`;
const held = await acquire();
if (held === undefined) process.exit(1);
try {
  // Bun writes files of its own into the working folder while it compiles.
  process.chdir(dirname(program));
  await writeFile(partial, "");
  const startedAt = Math.floor((await stat(partial)).mtimeMs) / 1000;
  try {
    await buildProgram({ outfile: partial, ofCheckout: true });
    const said = await Bun.$`${partial} --version`.text();
    if (said.trim() !== versions().kyc) throw new Error(`the new program says ${said}`);
  } catch (error) {
    printMessage(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
    await writeFile(partial, "");
    await chmod(partial, 0o644);
  }
  await utimes(partial, startedAt, startedAt);
  await rename(partial, program);
} finally {
  await rm(partial, { force: true });
  await held.release();
}

async function acquire(): Promise<Held | undefined> {
  const lock = new FileLock(`${program}.lock`, "the program of this folder");
  for (;;) {
    try {
      return await lock.acquire("./kyc");
    } catch (error) {
      if (!(error instanceof LockTaken)) throw error;
      if (wait === undefined) return undefined;
      await Bun.sleep(100);
    }
  }
}
