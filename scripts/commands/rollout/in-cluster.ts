import type { RolloutFlags } from "./flags.ts";
export async function runInCluster(_service: string, _flags: RolloutFlags): Promise<number> {
  throw new Error("not yet");
}
