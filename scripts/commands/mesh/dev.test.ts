import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sampleToRun } from "../../../test/sample.ts";
import { until } from "../../mesh/testing/test-system.ts";
import { PROJECT } from "../../project.ts";
import { kyc, kycAt, type RunningDev, startDev } from "../testing/kyc-process.ts";

let sample: Awaited<ReturnType<typeof sampleToRun>>;
/** A mesh for tests that neither change files nor end processes. */
let shared: RunningDev;

beforeAll(async () => {
  sample = await sampleToRun();
  shared = await startDev(["--dir", sample.root, "--seed", "5"]);
});

afterAll(async () => {
  await shared?.[Symbol.asyncDispose]();
  await sample?.[Symbol.asyncDispose]();
});

async function edit(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, "utf8")));
}

async function types(url: string, requests: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < requests; i++) {
    const { type } = (await (await fetch(url)).json()) as { type: string };
    counts[type] = (counts[type] ?? 0) + 1;
  }
  return counts;
}

const CUSTOMER = "/kyc/v1/customer";
const ADVANCED = "knative/credit-check/2-advanced.yaml";

describe("kyc dev", () => {
  test("serves the aggregator, the credit check and the redirect to Swagger through the ingress", async () => {
    const dev = shared;
    const report = await fetch(`${dev.ingress}${CUSTOMER}?type=basicReport`);
    expect(await report.text()).toBe(
      '{"type":"BASIC","blackListed":false,"restrictedNational":false,"suspiciousActivity":false,' +
        '"interpolConductBad":false,"militaryTrained":false,"employmentBad":false,"creditUsageBad":false,' +
        '"backgroundCheckPass":true}',
    );
    expect(report.headers.get("x-kyc-revision")).toBe("credit-check-basic");
    const home = await fetch(`${dev.ingress}/`, { redirect: "manual" });
    expect([home.status, home.headers.get("location")]).toEqual([302, "/swagger"]);
    expect((await fetch(`${dev.ingress}/swagger`)).status).toBe(200);
    const direct = await fetch(`${dev.ingress}/credit-check/advanced`);
    expect(((await direct.json()) as { type: string }).type).toBe("ADVANCED");
    expect((await fetch(`${dev.ingress}/metrics`)).status).toBe(404);
  });

  test("end-user pins a version; without it both answer", async () => {
    const dev = shared;
    for (const version of ["basic", "advanced"]) {
      for (let i = 0; i < 10; i++) {
        const response = await fetch(`${dev.ingress}/ingress${CUSTOMER}`, {
          headers: { "end-user": version },
        });
        expect(response.headers.get("x-kyc-revision")).toBe(`credit-check-${version}`);
      }
    }
    const { BASIC = 0, ADVANCED: advanced = 0 } = await types(`${dev.ingress}${CUSTOMER}`, 200);
    expect(BASIC + advanced).toBe(200);
    expect(Math.abs(BASIC - 100)).toBeLessThan(50);
  });

  test("the same seed sends the same requests to the same revisions", async () => {
    const sequence = async (): Promise<string> => {
      await using dev = await startDev(["--dir", sample.root, "--seed", "42"]);
      let all = "";
      for (let i = 0; i < 40; i++) {
        all += (
          await fetch(`${dev.local}/credit-check/report`, { headers: { host: "credit-check.kyc" } })
        ).headers.get("x-kyc-revision");
      }
      return all;
    };
    expect(await sequence()).toBe(await sequence());
  });

  test("an edited percentage moves traffic, by Knative and, after one line of configuration, by Istio", async () => {
    await using own = await sampleToRun();
    await using dev = await startDev(["--dir", own.root]);
    await fetch(`${dev.ingress}${CUSTOMER}`);
    await edit(join(own.root, ADVANCED), (text) =>
      text.replace("percent: 50", "percent: 0").replace("percent: 50", "percent: 100"),
    );
    await until("the change is told", () =>
      dev.output().includes("credit-check: basic 50 → 0 %, advanced 50 → 100 %"),
    );
    expect(await types(`${dev.ingress}${CUSTOMER}`, 20)).toEqual({ ADVANCED: 20 });
    await edit(join(own.root, "istio/kustomization.yaml"), (text) =>
      text.replace("- split/by-knative", "- split/by-istio"),
    );
    await until("the change is told", () => dev.output().includes("VirtualService kyc-credit-check changed"));
    const both = await types(`${dev.ingress}${CUSTOMER}`, 60);
    expect(Object.keys(both).sort()).toEqual(["ADVANCED", "BASIC"]);
    await edit(join(own.root, "istio/split/by-istio/virtual-service.yaml"), (text) =>
      text.replace("weight: 50", "weight: 0"),
    );
    await until("the change is told", () =>
      dev.output().includes("kyc-credit-check: credit-check-basic weight 50 → 0"),
    );
    expect(await types(`${dev.ingress}${CUSTOMER}`, 20)).toEqual({ ADVANCED: 20 });
  });

  test("the next version is one file: v3 starts and gets its share, and the aggregator forwards its new key", async () => {
    await using own = await sampleToRun();
    await using dev = await startDev(["--dir", own.root]);
    await fetch(`${dev.ingress}${CUSTOMER}`);
    const advanced = await readFile(join(own.root, ADVANCED), "utf8");
    const [state = "", traffic = ""] = advanced.split(/^(?= {2}# Who answers)/m);
    await writeFile(
      join(own.root, "knative/credit-check/3-v3.yaml"),
      state.replaceAll("credit-check-advanced", "credit-check-v3").replace("value: advanced", "value: v3") +
        traffic.replace("percent: 50", "percent: 0").replace("percent: 50", "percent: 0") +
        "    - revisionName: credit-check-v3\n      tag: v3\n      percent: 100\n",
    );
    await writeFile(join(own.root, ADVANCED), state);
    await until("v3 takes its share", () => /advanced 50 → 0 %, v3 0 → 100 %/.test(dev.output()));
    const answer = await fetch(`${dev.ingress}${CUSTOMER}`);
    expect(answer.headers.get("x-kyc-revision")).toBe("credit-check-v3");
    expect(await answer.json()).toMatchObject({ type: "V3", sanctioned: false });
  });

  test("an invalid edit is reported with its position, the old split stays, and the corrected file takes effect", async () => {
    await using own = await sampleToRun();
    await using dev = await startDev(["--dir", own.root]);
    const good = await readFile(join(own.root, ADVANCED), "utf8");
    await writeFile(join(own.root, ADVANCED), good.replace("percent: 50", "percent: 90"));
    await until(
      "the place is told",
      () => dev.output().includes(`${ADVANCED}:`) && dev.output().includes("sum to 140"),
    );
    expect((await fetch(`${dev.ingress}${CUSTOMER}`)).status).toBe(200);
    await writeFile(join(own.root, ADVANCED), good);
    await until("the recovery is told", () => dev.output().includes("the files are valid again"));
  });

  test("a file with fields that only a cluster supports ends with a hint to --lenient", async () => {
    await using sample = await sampleToRun();
    const quota = "---\napiVersion: example.com/v1\nkind: RateQuota\n";
    await edit(join(sample.root, "istio/routes.yaml"), (text) => text + quota);
    const { code, err } = await kyc("dev", "--dir", sample.root, "--port", "0");
    expect(code).toBe(1);
    expect(err).toMatch(/^istio\/routes\.yaml:[0-9]+:7: error: kind: RateQuota is not known here/);
    expect(err).toMatch(/dev .*--lenient leaves it out and serves everything else\.\n$/);
  });

  test("an invalid file at startup ends with the position of each problem", async () => {
    await using own = await sampleToRun();
    await edit(join(own.root, "istio/routes.yaml"), (text) => text.replace("timeout: 30s", "timeuot: 30s"));
    const { code, out, err } = await kycAt(PROJECT, ["dev", "--port", "0", "--dir", own.root]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(
      /^istio\/routes\.yaml:[0-9]+:[0-9]+: error: spec\.http\[0\]\.timeuot: .*did you mean timeout\?\n$/,
    );
  });

  test("a port in use is reported, with a remedy", async () => {
    const { port } = new URL(shared.ingress);
    const { code, err } = await kycAt(PROJECT, ["dev", "--dir", sample.root, "--port", port]);
    expect(code).toBe(1);
    expect(err).toContain(`Port ${port}`);
    expect(err).toMatch(/Choose another port, for example: \.\/kyc dev --dir \S+ --port \d+/);
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "ends in order at %s and leaves no process",
    async (signal) => {
      await using dev = await startDev(["--dir", sample.root]);
      await fetch(`${dev.ingress}${CUSTOMER}`);
      const children = await descendants(dev.pid);
      expect(children.length).toBe(3);
      dev.kill(signal);
      expect(await dev.exited).toBe(130);
      expect(await stillAlive(children)).toEqual([]);
    },
  );

  test("leaves no process when it is killed without warning", async () => {
    await using dev = await startDev(["--dir", sample.root]);
    await fetch(`${dev.ingress}${CUSTOMER}`);
    const children = await descendants(dev.pid);
    expect(children.length).toBe(3);
    dev.kill("SIGKILL");
    await dev.exited;
    await until("all are gone", async () => (await stillAlive(children)).length === 0, 5_000);
  });

  test("shows a line for each request with --log, and none without; never the query", async () => {
    const quiet = shared;
    await fetch(`${quiet.ingress}${CUSTOMER}?type=basicReport&name=Jane`);
    await using loud = await startDev(["--dir", sample.root, "--log"]);
    await fetch(`${loud.ingress}${CUSTOMER}?type=basicReport&name=Jane`);
    await until("the line is there", () =>
      /ingress GET \/kyc\/v1\/customer 200 kyc-aggregator-00001/.test(loud.output()),
    );
    const afterTheBanner = quiet.output().split("Ctrl-C ends all")[1];
    expect(afterTheBanner).not.toContain("/kyc/v1/customer");
    expect(loud.output()).not.toContain("Jane");
  });
});

describe("the command line", () => {
  test("names the nearest command or flag, and exits with 2", async () => {
    expect(await kyc("dve")).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("Did you mean dev?"),
    });
    expect(await kyc("dev", "--prot", "1")).toMatchObject({
      code: 2,
      err: expect.stringContaining("Did you mean --port?"),
    });
    expect(await kyc("dev", "--port", "eighty")).toMatchObject({
      code: 2,
      err: expect.stringContaining("whole number"),
    });
    expect(await kyc("dev", "--port", "70000")).toMatchObject({
      code: 2,
      err: expect.stringContaining("65535"),
    });
    expect((await kyc()).code).toBe(2);
  });

  test.each([["dev"], ["test"]])("has help with examples for %s", async (command) => {
    const { code, out, err } = await kyc(command, "--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(`Usage: kyc ${command}`);
    expect(out).toContain(`./kyc ${command}`);
    expect(out).toContain("Examples:");
  });
});

async function descendants(pid: number): Promise<number[]> {
  const listing = await new Response(Bun.spawn(["ps", "-eo", "pid=,ppid="]).stdout).text();
  return listing.split("\n").flatMap((line) => {
    const [child, parent] = line.trim().split(/\s+/).map(Number);
    return parent === pid && child !== undefined ? [child] : [];
  });
}

async function stillAlive(pids: number[]): Promise<number[]> {
  const listing = await new Response(Bun.spawn(["ps", "-eo", "pid=,stat="]).stdout).text();
  const alive = new Set(
    listing.split("\n").flatMap((line) => {
      const [pid, stat = "Z"] = line.trim().split(/\s+/);
      return stat.startsWith("Z") ? [] : [Number(pid)];
    }),
  );
  return pids.filter((pid) => alive.has(pid));
}
