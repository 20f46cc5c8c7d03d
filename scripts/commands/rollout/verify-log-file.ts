import { readFile } from "node:fs/promises";
import { EXIT, Failure } from "../../exit.ts";
import { verifyLog } from "../../rollout/audit/verify-log.ts";
import { print } from "../../text/print.ts";

/** Checks an audit log and says what it found; the exit code: 1 when a line breaks it. */
export async function verifyLogFile(file: string): Promise<number> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new Failure(
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      EXIT.usage,
    );
  });
  const checked = verifyLog(text);
  if (!checked.whole) {
    print(`${file}:${checked.line}: ${checked.what}`);
    return EXIT.failed;
  }
  const { lines, rollouts, head } = checked;
  print(`${file}: ${lines} decisions of ${rollouts} rollout${rollouts === 1 ? "" : "s"}, none changed`);
  print(`the last line has the hash ${head}: kept elsewhere, it shows when lines are missing at the end`);
  return EXIT.ok;
}
