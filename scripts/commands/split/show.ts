import { gatherSplit } from "../../engines/split-view.ts";
import { openSource, sourceFlagsOf } from "../../sources/registry.ts";
import { drawSplit } from "../../terminal/draw-split.ts";
import { styleFor } from "../../terminal/style.ts";
import { lineOf } from "../../traffic/split/planned-splits.ts";
import { splitContext } from "./context.ts";
import type { SplitFlags } from "./flags.ts";
import { print, printMessage } from "../../text/print.ts";
import { printData } from "../../text/data.ts";

/** Shows a split: planned, by the last change, live and observed. */
export async function showSplit(service: string, flags: SplitFlags, signal: AbortSignal): Promise<void> {
  const { where, engine } = await splitContext(service, flags);
  const { location } = engine;
  const source = await openSource(where, { location, name: flags.source, flags: sourceFlagsOf(flags) });
  if (source.observed === undefined && flags.observe > 0)
    printMessage(`counting responses for ${flags.observe / 1000} s`);
  const enough = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, flags.observe))]);
  const view = await gatherSplit(engine, source, readFile, enough);
  if (flags.output !== undefined) return await printData(view, flags.output);
  print(drawSplit(view, { style: styleFor(process.stdout), nowMs: Date.now() }).join("\n"));

  async function readFile() {
    const { readFileSplit } = await import("../../engines/local/split-file.ts");
    const { targets, at, header } = await readFileSplit({ root: flags.dir, service });
    return { targets, place: lineOf(at), header };
  }
}
