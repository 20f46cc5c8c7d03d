import type { RecordedEngine, SplitTarget } from "../../traffic/engine.ts";
import { UserError } from "../user-error.ts";

/** The share of each tag, in percent; they sum to 100. */
export type Shares = Readonly<Record<string, number>>;

/** Writes splits by tag, over whatever is there. */
export interface SharesWriter {
  /** Resolves when the API server has taken it, which is before the gateways have it. */
  write(shares: Shares): Promise<void>;
}

/** Writes by an engine, which is looked for at each write: what carries the split changes from one to the next. */
export function sharesBy(find: () => RecordedEngine | Promise<RecordedEngine>): SharesWriter {
  return {
    async write(shares) {
      const engine = await find();
      const { targets, version } = await engine.read();
      const missing = Object.keys(shares).filter((name) => !targets.some(({ tag }) => tag === name));
      if (missing.length > 0) throw new UserError(`${engine.place} has no tag ${missing.join(", ")}`);
      const wanted = targets.map((target): SplitTarget => {
        return { ...target, percent: target.tag === undefined ? 0 : (shares[target.tag] ?? 0) };
      });
      await engine.write(wanted, version, "kyc e2e");
    },
  };
}
