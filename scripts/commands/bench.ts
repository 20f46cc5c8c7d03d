import { Command } from "commander";
import { benchHttpCommand } from "./bench/http.ts";
import { benchJudgeCommand } from "./bench/judge.ts";
import { benchScaleCommand } from "./bench/scale.ts";
import { benchShadowCommand } from "./bench/shadow.ts";
import { benchSoakCommand } from "./bench/soak.ts";

/** `kyc bench`: side-by-side measurements. */
export function benchCommand(): Command {
  return new Command("bench")
    .description("runs side-by-side measurements")
    .addCommand(benchHttpCommand())
    .addCommand(benchSoakCommand())
    .addCommand(benchJudgeCommand())
    .addCommand(benchShadowCommand())
    .addCommand(benchScaleCommand());
}
