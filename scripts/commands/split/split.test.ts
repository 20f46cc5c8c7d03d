import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { choose, withSample } from "../../../test/sample.ts";
import { FakeSplit, SERVICE } from "../../engines/testing/fake-split.ts";
import { ServedCluster } from "../cluster/testing/served-cluster.ts";
import { kyc } from "../testing/kyc-process.ts";

let folder = "";
let file = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kyc-split-"));
  file = join(folder, "echo.yaml");
  await writeFile(file, LIVE);
});
afterAll(() => rm(folder, { recursive: true }));

// The output of `kubectl get ksvc echo -o yaml`.
const LIVE = `apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: echo
  namespace: default
  resourceVersion: "7"
spec:
  template:
    spec:
      containers:
        - image: echo
          livenessProbe: {tcpSocket: {port: 1}}
  traffic:
    - revisionName: echo-v1
      latestRevision: false
      percent: 60
      tag: stable
    - latestRevision: true
      percent: 40
status:
  latestReadyRevisionName: echo-v2
`;

describe("kyc split --write", () => {
  test("writes the split of a cluster into the files, without changing the cluster", async () => {
    const fake = new FakeSplit();
    const target = (name: string, percent: number) => ({
      revisionName: `credit-check-${name}`,
      tag: name,
      latestRevision: false,
      percent,
    });
    fake.change(SERVICE, { traffic: [target("basic", 80), target("advanced", 20)] });
    const spec = JSON.stringify(fake.cluster.get(SERVICE)?.spec);
    fake.cluster.fault = (_, path) =>
      path.includes("/selfsubjectreviews")
        ? Response.json({ status: { userInfo: { username: "ann" } } }, { status: 201 })
        : undefined;
    await using served = await ServedCluster.start(fake.cluster);
    await withSample([choose("by-knative")], async (root) => {
      const path = join(root, "knative/credit-check/2-advanced.yaml");
      const before = await readFile(path, "utf8");
      const write = () =>
        served.kyc("split", "credit-check", "--context", "fake", "-n", "kyc", "--dir", root, "--write");
      const { code, out } = await write();
      expect({ code, out }).toEqual({
        code: 0,
        out: expect.stringMatching(/^Written to knative\/credit-check\/2-advanced.yaml:\d+, for git.\n$/),
      });
      expect(await readFile(path, "utf8")).toBe(
        before.replace("percent: 50", "percent: 80").replace("percent: 50", "percent: 20"),
      );
      expect((await write()).out).toContain("has this split already");
    });
    expect(JSON.stringify(fake.cluster.get(SERVICE)?.spec)).toBe(spec);
  });

  test("is refused if the engine is local, and with --from", async () => {
    await withSample([choose("by-knative")], async (root) => {
      const local = await kyc("split", "credit-check", "--engine", "local", "--dir", root, "--write");
      expect(local).toMatchObject({
        code: 2,
        err: expect.stringContaining("engine local works on these files"),
      });
    });
    expect(await kyc("split", "echo", "--from", file, "--write")).toMatchObject({ code: 2 });
  });
});

describe("kyc split --from", () => {
  test("prints the traffic block that kn would make, as data", async () => {
    const { code, out, err } = await kyc(
      "split",
      "echo",
      "--from",
      file,
      "--traffic",
      "stable=90,@latest=10",
      "-o",
      "json",
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toEqual([
      { tag: "stable", revisionName: "echo-v1", latestRevision: false, percent: 90 },
      { latestRevision: true, percent: 10 },
    ]);
  });

  test("assigns the rest to the missing target, with the given latest revision", async () => {
    const args = ["--from", file, "--latest", "echo-v2", "--traffic", "@latest=30", "-o", "json"];
    const { out } = await kyc("split", "echo", ...args);
    expect(JSON.parse(out)).toMatchObject([{ revisionName: "echo-v1", percent: 70 }, { percent: 30 }]);
  });

  test("exits with 1 and kn's message if kn refuses", async () => {
    const { code, out, err } = await kyc(
      "split",
      "echo",
      "--from",
      file,
      "--traffic",
      "a=60",
      "--traffic",
      "b=50",
      "-o",
      "json",
    );
    expect({ code, out, err }).toEqual({
      code: 1,
      out: "",
      err: "given traffic percents sum to 110, want <=100\n",
    });
  });

  test("uses the status of the cluster, if the file contains it", async () => {
    const path = join(folder, "meanwhile.yaml");
    await writeFile(
      path,
      `${LIVE}  traffic: [{revisionName: echo-v0, latestRevision: false, percent: 100}]\n`,
    );
    const split = (...args: string[]) => kyc("split", "echo", "--from", path, "--traffic", "30", ...args);
    expect((await split()).err).toStartWith("unable to allocate the remaining traffic: 70%.");
    expect((await split("--latest", "echo-v9", "-o", "json")).code).toBe(0);
  });

  test("exits with 1 and kn's message for an invalid list", async () => {
    expect(await kyc("split", "echo", "--from", file, "--traffic", '"stable=90')).toEqual({
      code: 1,
      out: "",
      err: 'invalid argument "\\"stable=90" for "--traffic" flag: parse error on line 1, column 11: extraneous or missing " in quoted-field\n',
    });
  });

  test("accepts a name that the file does not have, as kn does, with a note", async () => {
    const { code, out, err } = await kyc(
      "split",
      "echo",
      "--from",
      file,
      "--traffic",
      "stabel=100",
      "-o",
      "json",
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toContainEqual({ revisionName: "stabel", latestRevision: false, percent: 100 });
    expect(err).toBe(
      "warning: --traffic stabel=100: there is no tag or revision stabel; did you mean stable?\n",
    );
  });

  test("names the nearest service, and a file that cannot be read", async () => {
    expect((await kyc("split", "ecko", "--from", file, "--traffic", "100")).err).toContain(
      "did you mean echo?",
    );
    expect((await kyc("split", "echo", "--from", join(folder, "none.yaml"), "--traffic", "100")).code).toBe(
      1,
    );
  });
});

describe("kyc split on the files", () => {
  test("changes the numbers, reports the effect, and reverts it", async () => {
    await withSample([choose("by-istio")], async (root) => {
      const path = join(root, "istio/split/by-istio/virtual-service.yaml");
      const before = await readFile(path, "utf8");
      const split = (...args: string[]) =>
        kyc("split", "credit-check", "--dir", root, "--engine", "local", ...args);
      const dry = await split("--traffic", "basic=90,advanced=10", "--dry-run", "-o", "json");
      expect(JSON.parse(dry.out)).toMatchObject({ engine: "local", changedShare: 40, isDryRun: true });
      expect(await readFile(path, "utf8")).toBe(before);
      const changed = await split("--traffic", "basic=90,advanced=10");
      expect(changed.code).toBe(0);
      expect(changed.out).toContain(
        "40 % of the requests reach another revision than before.\nWritten. No local mesh runs",
      );
      expect(await readFile(path, "utf8")).toBe(
        before.replace("weight: 50", "weight: 90").replace("weight: 50", "weight: 10"),
      );
      const shown = JSON.parse((await split("-o", "json")).out);
      expect(shown).toMatchObject({
        engine: "local",
        runs: false,
        rows: [{ planned: 90, last: 90 }, { planned: 10 }],
      });
      expect((await split("--undo")).code).toBe(0);
      expect(await readFile(path, "utf8")).toBe(before);
      const none = await split("--undo");
      expect(none).toMatchObject({ code: 1, out: "" });
      expect(none.err).toContain("no change of credit-check by this tool to revert");
    });
  });

  test("refuses harmful changes, and a split that was changed meanwhile", async () => {
    await withSample([choose("by-knative")], async (root) => {
      const path = join(root, "knative/credit-check/2-advanced.yaml");
      const split = (...args: string[]) =>
        kyc("split", "credit-check", "--dir", root, "--engine", "local", ...args);
      const typo = await split("--traffic", "bsaic=100");
      expect(typo).toMatchObject({ code: 2, out: "" });
      expect(typo.err).toContain("did you mean basic?");
      await split("--traffic", "basic=90,advanced=10");
      const edited = (await readFile(path, "utf8"))
        .replace("percent: 90", "percent: 80")
        .replace("percent: 10", "percent: 20");
      await writeFile(path, edited);
      const undo = await split("--undo");
      expect(undo.code).toBe(1);
      expect(undo.err).toContain("changed the split after this tool did");
      expect(await readFile(path, "utf8")).toBe(edited);
      expect((await split("--undo", "--force")).code).toBe(0);
      expect(await readFile(path, "utf8")).toContain("percent: 50");
    });
  });
});

test("kyc split --by splits by the buckets of a header, in hundredths, and --undo returns to weights", async () => {
  await withSample([choose("by-istio")], async (root) => {
    const path = join(root, "istio/split/by-istio/virtual-service.yaml");
    const before = await readFile(path, "utf8");
    const split = (...args: string[]) =>
      kyc("split", "credit-check", "--dir", root, "--engine", "local", ...args);
    const by = ["--by", "header:X-Kyc-Bucket"];
    const dry = await split(...by, "--traffic", "advanced=0.01", "--dry-run");
    expect(dry.code).toBe(0);
    expect(dry.out).toContain("by weights → by the buckets of x-kyc-bucket");
    expect(await readFile(path, "utf8")).toBe(before);
    expect((await split(...by, "--traffic", "advanced=0.01")).code).toBe(0);
    const shown = JSON.parse((await split("-o", "json")).out);
    expect(shown).toMatchObject({ header: "x-kyc-bucket", rows: [{ planned: 99.99 }, { planned: 0.01 }] });
    // The form stays, and with it the fine steps.
    expect((await split("--traffic", "basic=66.67,advanced=33.33")).code).toBe(0);
    expect((await split("--traffic", "advanced=0.001")).err).toContain("in steps of 0.01");
    expect((await split("--undo")).code).toBe(0);
    expect((await split("--undo")).code).toBe(0);
    expect(await readFile(path, "utf8")).toBe(before);
    expect((await split("--by", "weights")).out).toContain("It is so already.");
    expect((await split("--by", "cookie")).code).toBe(2);
  });
  await withSample([choose("by-knative")], async (root) => {
    const refused = await kyc(
      "split",
      "credit-check",
      "--dir",
      root,
      "--engine",
      "local",
      "--by",
      "header:x",
    );
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("split/by-istio");
    const dry = await kyc(
      ...["split", "credit-check", "--dir", root, "--engine", "local", "--by", "header:x", "--dry-run"],
    );
    expect(dry.code).toBe(1);
  });
});

test("kyc split refuses other flags with --undo", async () => {
  const { code, err } = await kyc("split", "echo", "--undo", "--traffic", "100");
  expect(code).toBe(2);
  expect(err).toStartWith("--undo restores");
});

test.each([
  [["--source", "csv"], "Which file? --csv FILE"],
  [["--source", "pods"], "Source pods does not report the requests of an engine on this machine"],
  [["--prometheus", "nonsense"], "--prometheus nonsense: an address is expected"],
  [["--csv", "/none", "--prometheus", "http://127.0.0.1:1"], "give one of them"],
])("kyc split %j is a usage error, with exit code 2", async (flags, message) => {
  const { code, err } = await kyc("split", "credit-check", "--engine", "local", ...flags);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test.each([
  ["credit-chek", [], "did you mean credit-check?"],
  ["credit-chek", ["--traffic", "basic=10"], "did you mean credit-check?"],
  ["credit-check", ["--traffic", "basic=ten"], "ten"],
  ["credit-check", ["--traffic", "basic=101"], "101"],
  ["credit-check", ["--traffic", "basic=1=2"], "expecting the value format in value1=value2"],
  ["credit-check", ["--tag", "a=b=c"], "expecting the value format in value1=value2"],
  ["credit-check", ["--traffic", '"basic=90'], 'extraneous or missing " in quoted-field'],
])("kyc split %s %j is a usage error, with exit code 2", async (service, flags, message) => {
  const { code, out, err } = await kyc("split", service, "--engine", "local", ...flags);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(message);
});
