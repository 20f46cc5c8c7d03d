import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../exit.ts";
import { PROJECT } from "../../project.ts";
import { findIn } from "../dialects/lint.ts";
import { fromHere } from "../dialects/read-paths.ts";

/**
 * Looks for pitfalls before files of the project are applied.
 * @param folders below the project's
 * @throws Failure with those that are errors
 */
export async function lintFirst(folders: readonly string[]): Promise<void> {
  const paths = folders.map((folder) => fromHere(join(PROJECT, folder)));
  // A folder that is not there is for the command to report, with what it needs it for.
  for (const path of paths) if ((await stat(path).catch(() => undefined)) === undefined) return;
  const findings = await findIn(paths);
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return;
  const [{ drawFindings }, { PLAIN }] = await Promise.all([
    import("../../terminal/draw-findings.ts"),
    import("../../terminal/style.ts"),
  ]);
  throw new Failure(
    [
      ...drawFindings(errors, PLAIN),
      "Nothing was applied. Repair it (./kyc lint tells all, --fix repairs some), or deploy as it is: --no-lint",
    ].join("\n"),
  );
}
