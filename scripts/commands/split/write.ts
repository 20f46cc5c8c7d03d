import { SplitFiles, writtenBackLine } from "../../engines/write-back.ts";
import { EXIT, Failure } from "../../exit.ts";
import { InvalidManifests } from "../../manifests/problem.ts";
import { printData } from "../../text/data.ts";
import { print } from "../../text/print.ts";
import { CannotWrite, SplitChanged } from "../../traffic/split/split.ts";
import { authorOf } from "../options/author.ts";
import { type SplitContext, splitContext } from "./context.ts";
import type { SplitFlags } from "./flags.ts";

/** Writes the split of a cluster into the files, without a change. */
export async function writeSplit(service: string, flags: SplitFlags): Promise<void> {
  const { where, engine } = await splitContext(service, flags);
  if (engine.location === "machine")
    throw new Failure(
      `--write writes the split of a cluster into the files, and engine ${engine.name} works on these files. Name the cluster: --context NAME.`,
      EXIT.usage,
    );
  const files = await splitFilesOf(where);
  const live = await engine.read();
  const written = await files.write(live, await authorOf(await where.kube())).catch((error: unknown) => {
    throw error instanceof CannotWrite || error instanceof SplitChanged ? new Failure(error.message) : error;
  });
  if (flags.output !== undefined) await printData({ targets: live.targets, written }, flags.output);
  else print(writtenBackLine(written));
}

/** The files of the folder. @throws Failure if they do not describe the service, or are not valid */
export async function splitFilesOf(where: SplitContext["where"]): Promise<SplitFiles> {
  try {
    return await SplitFiles.open(where);
  } catch (error) {
    if (error instanceof CannotWrite || error instanceof InvalidManifests)
      throw new Failure(`--write: ${error.message}`);
    throw error;
  }
}
