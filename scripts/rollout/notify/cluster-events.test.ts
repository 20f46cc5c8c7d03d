import { describe, expect, test } from "bun:test";
import { ApiError } from "../../cluster/kube/api-error.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { Simulation } from "../testing/simulation.ts";
import { ClusterEvents } from "./cluster-events.ts";
import { kubernetesEventOf } from "./notice.ts";

const KSVC: KubeObject = {
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { name: "credit-check", namespace: "shop", uid: "u1" },
};

describe("the events of a rollout on the Knative Service", () => {
  test("report the phases that matter, each once, with warnings for those that need attention", async () => {
    const simulation = new Simulation({ errors: 1, percents: [50, 100] });
    await simulation.run();
    const created: KubeObject[] = [];
    const events = new ClusterEvents(
      {
        get: async () => KSVC,
        async create(object) {
          created.push(object);
          return object;
        },
      },
      simulation.plan,
      "shop",
    );
    for (const entry of simulation.entries) events.write(entry);
    await events.end(1_000);
    expect(created.map((event) => ("reason" in event ? event.reason : undefined))).toEqual([
      "RolloutJudging",
      "RolloutRestoring",
      "RolloutRolledBack",
    ]);
    expect(created.at(-1)).toMatchObject({
      kind: "Event",
      type: "Warning",
      involvedObject: { kind: "Service", name: "credit-check", namespace: "shop", uid: "u1" },
      message: expect.stringContaining("credit-check-basic → credit-check-advanced: rolled back: "),
    });
    expect(new Set(created.map(({ metadata }) => metadata.name)).size).toBe(3);
    expect(events.failure).toBeUndefined();
  });

  test("do not block the rollout if they cannot be written, and report why; an existing event is not a failure", async () => {
    const simulation = new Simulation({ percents: [100] });
    await simulation.run();
    const refused = async (code: number): Promise<string | undefined> => {
      const events = new ClusterEvents(
        {
          get: () => Promise.reject(new Error("no")),
          create: () => Promise.reject(new ApiError("cannot create Event", code)),
        },
        simulation.plan,
        "shop",
      );
      for (const entry of simulation.entries) events.write(entry);
      await events.end(1_000);
      return events.failure;
    };
    expect(await refused(403)).toContain("cannot create Event");
    expect(await refused(409)).toBeUndefined();
  });

  test("have a message of 1,024 bytes at most", async () => {
    const simulation = new Simulation({ percents: [100] });
    await simulation.run();
    const last = simulation.entries.at(-1);
    if (last === undefined) throw new Error("there is an entry");
    const entry = { ...last, state: { ...last.state, reason: "ü".repeat(2_000) } };
    const event = kubernetesEventOf(simulation.plan, entry, { namespace: "shop", uid: undefined });
    const message = event !== undefined && "message" in event ? String(event.message) : "";
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1_024);
    expect(message).toEndWith("…");
  });
});
