import { join } from "node:path";
import { median } from "../http/rounds.ts";
import type { ScaleContext } from "./mesh.ts";
import type { Curve } from "./report.ts";
import { manyRules, manyVirtualServices } from "./systems.ts";

/** Measures `lint` for a number of objects, and `equal` for two copies of a VirtualService with as many rules. */
export async function commandTimes(context: ScaleContext): Promise<Curve[]> {
  const lint: Curve = { name: "./kyc lint", of: "VirtualServices", unit: "ms", points: [] };
  const equal: Curve = { name: "./kyc equal, with itself", of: "rules", unit: "ms", points: [] };
  for (const size of context.sizes) {
    const [objects, rules] = [`lint-${size}`, `equal-${size}`].map((name) => join(context.scratch, name));
    if (objects === undefined || rules === undefined) continue;
    await manyVirtualServices(objects, size);
    await manyRules(rules, size);
    context.say(`lint: ${size} VirtualServices`);
    lint.points.push({ size, value: await timed(context, ["lint", objects]) });
    context.say(`equal: ${size} rules`);
    const value = await timed(context, ["equal", rules, rules, "--with", rules, "--dir", rules]);
    equal.points.push({ size, value });
  }
  return [lint, equal];
}

async function timed({ project, rounds }: ScaleContext, args: readonly string[]): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    const child = Bun.spawn([process.execPath, join(project, "scripts/kyc.ts"), ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [complaints, code] = await Promise.all([child.stderr.text(), child.exited]);
    if (code !== 0) throw new Error(`./kyc ${args.join(" ")} ended with ${code}:\n${complaints}`);
    times.push(performance.now() - began);
  }
  return median(times);
}
