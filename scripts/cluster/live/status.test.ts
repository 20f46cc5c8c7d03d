import { describe, expect, test } from "bun:test";
import { drawStatus } from "../../terminal/cluster/draw-workload.ts";
import { PLAIN } from "../../terminal/style.ts";
import type { FakeCluster } from "../testing/fake-cluster.ts";
import { knativeCluster, podObject } from "../workload/fake-objects.ts";
import { followStatus, readStatus, type Status } from "./status.ts";
import { deployedCluster, deployTo } from "./deployed-cluster.ts";

const draw = (status: Status): string => drawStatus(status, PLAIN).join("\n");

const CALL = { service: "credit-check", host: "kyc-credit-check", path: "/credit-check/report" };

describe("the status", () => {
  test("has the workload and the owner of the split", async () => {
    const cluster = await deployedCluster("knative", "istio");
    const status = await readStatus(cluster.kube, "kyc", CALL);
    const [split] = draw(status).split("\n").slice(-1);
    expect(split).toBe("split  by Knative: credit-check-basic 50 %, credit-check-advanced 50 %");
    expect(status.services.map(({ name }) => name)).toEqual(["credit-check", "kyc-aggregator"]);
    expect(JSON.parse(JSON.stringify(status))).toMatchObject({
      split: { by: "Knative", shares: { "credit-check-basic": 0.5, "credit-check-advanced": 0.5 } },
      problems: [],
    });
  });

  test("of nothing is drawn too", async () => {
    expect(draw(await readStatus(knativeCluster().kube, "kyc"))).toBe("no Knative Service here");
  });

  test("reports objects that could not be understood", () => {
    const problems = ["cluster: VirtualService kyc/odd:1:1: error: spec: unknown"];
    expect(draw({ services: [], split: undefined, problems })).toBe(
      `no Knative Service here\n\n! ${problems[0]}`,
    );
  });
});

/** Follows the status of a cluster, and draws each. */
class Followed {
  readonly drawn: string[] = [];
  readonly ended: Promise<unknown>;
  readonly #controller = new AbortController();

  constructor(cluster: FakeCluster) {
    this.ended = followStatus(
      cluster.kube,
      "kyc",
      { signal: this.#controller.signal, call: CALL },
      (status) => this.drawn.push(draw(status)),
    ).catch((error: unknown) => error);
  }

  async until(text: string): Promise<void> {
    for (let i = 0; !this.drawn.at(-1)?.includes(text); i++) {
      if (i > 1_000) throw new Error(`no "${text}" came, but ${this.drawn.at(-1)}`);
      await Bun.sleep(1);
    }
  }

  stop(): Promise<unknown> {
    this.#controller.abort();
    return this.ended;
  }
}

describe("the status that is followed", () => {
  test("changes with the workload, and with the weights of a VirtualService", async () => {
    const cluster = await deployedCluster("knative", "istio");
    const followed = new Followed(cluster);
    await followed.until("split  by Knative");
    cluster.put(podObject("credit-check", "credit-check-basic"));
    await followed.until("credit-check-basic-pod");
    await deployTo(cluster, ["istio/split/by-istio"]);
    await followed.until("split  by Istio: credit-check-basic 50 %");
    expect(await followed.stop()).toBeUndefined();
    expect(cluster.watches.count).toBe(0);
  });

  test("never shows an older state after a newer one, however long reading the split takes", async () => {
    const cluster = await deployedCluster("knative", "istio");
    const send = cluster.send.bind(cluster);
    let slow = 20;
    cluster.send = async (path, request) => {
      const answer = await send(path, request);
      // Each reading of the split is faster than the one before.
      if (path.includes("virtualservices?") && !path.includes("watch=1")) await Bun.sleep((slow -= 5));
      return answer;
    };
    const followed = new Followed(cluster);
    await followed.until("split");
    for (const name of ["a", "b", "c"])
      cluster.put(podObject("credit-check", "credit-check-basic", { name }));
    await followed.until("── c");
    await Bun.sleep(30);
    const pods = followed.drawn.map((drawn) => drawn.match(/── [abc] /g)?.length ?? 0);
    expect(pods).toEqual([...pods].sort());
    expect(pods.at(-1)).toBe(3);
    await followed.stop();
  });

  test("ends with the error of a split that cannot be read", async () => {
    const cluster = await deployedCluster("knative", "istio");
    cluster.fault = (_, path) =>
      path.includes("/gateways?")
        ? Response.json({ kind: "Status", message: "gateways are forbidden" }, { status: 403 })
        : undefined;
    const error = await new Followed(cluster).ended;
    expect(String(error)).toContain("cannot list Gateway in kyc: gateways are forbidden");
    await Bun.sleep(0);
    expect(cluster.watches.count).toBe(0);
  });
});
