import { join } from "node:path";
import { CORES, freePort, start, untilAnswers } from "../pinned-process.ts";
import type { Comparison } from "../report.ts";
import type { BenchContext } from "./context.ts";
import { compare, RAW, RAW_HOP, type Side } from "./services.ts";

/** The parts that are left out of a credit check, one at a time; `service` leaves only Elysia. */
const OF_CHECK = ["", "log", "metrics", "ids", "schema", "service"];
const OF_AGGREGATOR = ["", "log", "metrics", "ids", "hop", "service but ofetch", "service"];

/** The number of sides of an ablation, including both raw ones. */
export const ABLATION_SIDES = OF_CHECK.length + OF_AGGREGATOR.length + 2;

/** Measures both services with one part left out at a time, compared with the raw runtime. */
export async function ablate(context: BenchContext): Promise<Comparison[]> {
  const parts = join(context.project, "scripts/bench/http/parts");
  const port = freePort();
  await using upstream = start({
    command: [process.execPath, join(parts, "raw-check.ts")],
    core: CORES.load,
    env: { PORT: String(port) },
  });
  const CREDIT_CHECK_URL = `http://127.0.0.1:${port}`;
  await untilAnswers(`${CREDIT_CHECK_URL}/credit-check/report`, upstream);
  const sides = (SIDE: string, parted: readonly string[]): Side[] =>
    parted.map((WITHOUT) => ({
      name: WITHOUT === "" ? "the whole service" : `without ${WITHOUT}`,
      command: [process.execPath, join(context.project, "test/bench/ablated-service.ts")],
      env: { SIDE, WITHOUT, CREDIT_CHECK_URL },
    }));
  const raw = { name: RAW, command: [process.execPath, join(parts, "raw-check.ts")] };
  const rawHop = {
    name: RAW_HOP,
    command: [process.execPath, join(parts, "raw-hop.ts")],
    env: { CREDIT_CHECK_URL },
  };
  const checks = [...sides("check", OF_CHECK), raw];
  const hops = [...sides("aggregator", OF_AGGREGATOR), rawHop];
  return [
    {
      title: "Credit check, one part left out at a time",
      sides: await compare(context, "credit check", checks, "/credit-check/report"),
    },
    {
      title: "Aggregator, one part left out at a time",
      sides: await compare(context, "aggregator", hops, "/kyc/v1/customer"),
    },
  ];
}
