import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import Type from "typebox";
import { Check } from "typebox/schema";
import { parseAllDocuments, parseDocument } from "yaml";
import { SAMPLE } from "../../../test/sample.ts";
import { PROJECT } from "../../project.ts";
import { kyc, kycAt } from "../testing/kyc-process.ts";

// The output and exit codes of `render`, `equal` and `lint`.

const SplitRule = Type.Object({
  retries: Type.Unknown(),
  route: Type.Array(Type.Object({ weight: Type.Integer() })),
});

let folder = "";
const sample = (path: string): string => join(SAMPLE, path);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kyc-dialects-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe.each([["render virtual-service"], ["render traffic"], ["equal"], ["lint"]])("%s", (command) => {
  test("has help with examples", async () => {
    const { code, out, err } = await kyc(...command.split(" "), "--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(new RegExp(`Examples:\n(.*\n)*.*\\./kyc ${command}`));
  });

  test("exits with 2 if it is used wrongly", async () => {
    const { code, out } = await kyc(...command.split(" "), "--nonsense");
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });
});

describe("render and equal", () => {
  test("agree: equal accepts what render writes in either form, and rendering it back gives the original", async () => {
    for (const form of ["revisions", "tags"]) {
      const rendered = await kyc(
        "render",
        "virtual-service",
        "-f",
        sample("knative/credit-check"),
        "--form",
        form,
      );
      expect({ code: rendered.code, err: rendered.err }).toEqual({ code: 0, err: "" });
      const kinds = parseAllDocuments(rendered.out).map((document) => document.get("kind"));
      expect(kinds).toEqual(["VirtualService", "Service", "Service", "Service"]);
      const path = await file(`${form}.yaml`, rendered.out);
      const equal = await kyc("equal", sample("knative/credit-check"), path);
      expect({ code: equal.code, verdict: equal.out.split(" ")[0] }).toEqual({ code: 0, verdict: "equal" });
      const back = await kyc("render", "traffic", "-f", path, "-o", "json");
      expect(JSON.parse(back.out)).toEqual([
        { revisionName: "credit-check-basic", tag: "basic", percent: 50 },
        { revisionName: "credit-check-advanced", tag: "advanced", percent: 50 },
      ]);
    }
  });

  test("report what a traffic block cannot express", async () => {
    const { code, out, err } = await kyc("render", "traffic", "-f", sample("istio/split/by-istio"));
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("spec.http[0] matches on more than the host");
    const split = await kyc("render", "traffic", "-f", sample("istio/split/by-istio"), "--split-only");
    expect([split.code, split.out.split("\n")[0]]).toEqual([0, "traffic:"]);
    expect(split.err).toContain("left out: ");
  });
});

describe("equal", () => {
  test("proves a split by buckets equal in share to one by weights, and states its assumption", async () => {
    const weighted = await readFile(sample("istio/split/by-istio/virtual-service.yaml"), "utf8");
    const document = parseDocument(weighted);
    const rule: unknown = document.toJS().spec.http[2];
    if (!Check(SplitRule, rule)) throw new Error("no split");
    const [basic, advanced] = rule.route.map(({ weight: _, ...destination }) => ({
      retries: rule.retries,
      route: [destination],
    }));
    const match = [{ headers: { "x-kyc-bucket": { regex: "[0-4][0-9]{3}" } } }];
    document.setIn(["spec", "http", 2], { ...advanced, match });
    document.setIn(["spec", "http", 3], basic);
    const paths = [await file("weights.yaml", weighted), await file("buckets.yaml", document.toString())];
    const around = ["--with", sample("knative")];
    expect((await kyc("equal", ...paths, ...around)).code).toBe(1);
    const { code, out } = await kyc("equal", ...paths, ...around, "--by-share");
    expect(code).toBe(0);
    expect(out).toContain("has the header x-kyc-bucket, and its buckets 0000 to 9999 are equally likely");
    const other = await file(
      "other.yaml",
      document.toString().replace("[0-4][0-9]{3}", "[0-4][0-9]{3}|5000"),
    );
    expect((await kyc("equal", paths[0] ?? "", other, ...around, "--by-share")).code).toBe(1);
  });

  test("calls the repository's splits equal, and exits with 0", async () => {
    const { code, out } = await kyc(
      "equal",
      sample("istio/split/by-knative"),
      sample("istio/split/by-istio"),
      "--with",
      sample("knative"),
      "-o",
      "json",
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ verdict: "equal", differences: [], doubts: [] });
  });

  test("shows a request with a difference, and exits with 1", async () => {
    const text = await readFile(sample("istio/split/by-istio/virtual-service.yaml"), "utf8");
    const path = await file(
      "changed.yaml",
      text.replace(/weight: 50([\s\S]*)weight: 50/, "weight: 49$1weight: 51"),
    );
    const { code, out } = await kyc(
      "equal",
      sample("istio/split/by-istio"),
      path,
      "--with",
      sample("knative"),
    );
    expect(code).toBe(1);
    expect(out).toMatch(
      /^different {2}1 difference .*\n\nat kyc-credit-check\.kyc\.svc\.cluster\.local.*\n {2}curl /,
    );
    expect(out).toContain("  49 %  kyc/credit-check-basic");
  });

  test("gives the reason for unknown, and exits with 3", async () => {
    const { code, out } = await kyc(
      "equal",
      sample("istio/split/by-istio"),
      sample("istio/split/by-istio"),
      "--with",
      folder,
    );
    expect([code, out.split(" ")[0]]).toEqual([0, "equal"]);
    const alone = await kyc(
      "equal",
      sample("istio/split/by-istio"),
      sample("istio/split/by-knative"),
      "--with",
      folder,
    );
    expect(alone.code).toBe(3);
    expect(alone.out).toContain("the files do not describe");
  });

  test("requires --host if no host is common, and names the existing ones", async () => {
    const around = ["--with", sample("knative")];
    const other = await file(
      "other.yaml",
      (await readFile(sample("istio/split/by-istio/virtual-service.yaml"), "utf8")).replace(
        "- kyc-credit-check.kyc.svc",
        "- other.kyc.svc",
      ),
    );
    const { code, err } = await kyc("equal", sample("istio/split/by-istio"), other, ...around);
    expect(code).toBe(2);
    expect(err).toContain("Name the hosts to compare: --host HOST_A=HOST_B");
    const pair = "kyc-credit-check.kyc.svc.cluster.local=other.kyc.svc.cluster.local";
    expect((await kyc("equal", sample("istio/split/by-istio"), other, ...around, "--host", pair)).code).toBe(
      0,
    );
    const typo = await kyc(
      "equal",
      sample("istio/split/by-istio"),
      other,
      ...around,
      "--host",
      "kyc-credit-chek.kyc",
    );
    expect([typo.code, typo.err]).toEqual([2, expect.stringContaining("did you mean kyc-credit-check.kyc")]);
  });

  test("exits with 2 for invalid or missing files", async () => {
    const broken = await file("broken.yaml", "kind: [");
    expect((await kyc("equal", broken, broken)).code).toBe(2);
    const missing = await kyc("equal", join(folder, "nowhere"), broken);
    expect([missing.code, missing.err]).toEqual([
      2,
      expect.stringContaining("there is no such file or folder"),
    ]);
  });
});

describe("lint", () => {
  test("has no findings in the sample", async () => {
    const { code, out, err } = await kyc("lint", sample("knative"), sample("istio"));
    expect({ code, out }).toEqual({ code: 0, out: "nothing found\n" });
    expect(err).toMatch(/^read [0-9]+ files with [0-9]+ objects\n$/);
  });

  test("makes the edits that equal proves harmless, keeps comments and CRLF, and leaves the rest", async () => {
    const text = `# mine
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: kyc-credit-check, namespace: kyc}
spec:
  hosts: [kyc-credit-check.kyc.svc.cluster.local]
  http:
    - route: # to the old one
        - destination:
            host: credit-check-basic # by name
          weight: 50
`;
    const path = await file("routes.yaml", text.replaceAll("\n", "\r\n"));
    const found = await kyc("lint", path, "-o", "json");
    expect(found.code).toBe(1);
    const findings = JSON.parse(found.out) as { code: string; fixable: boolean }[];
    expect(findings.map(({ code, fixable }) => [code, fixable])).toEqual([
      ["explicit-retries", false],
      ["knative-headers", false],
      ["full-names", true],
      ["lone-weight", true],
    ]);
    const fixed = await kyc("lint", "--fix", path);
    expect([fixed.code, fixed.err]).toEqual([1, "read 1 file with 1 object\n2 fields repaired\n"]);
    expect(fixed.out).toContain("[explicit-retries]");
    const [, patch = ""] = fixed.out.split("not applied, because it changes the routes of requests:\n\n");
    expect(patch.split(/\r?\n/).filter((line) => /^[-+]/.test(line))).toEqual([
      expect.stringMatching(/^--- a\/.*routes\.yaml$/),
      expect.stringMatching(/^\+\+\+ b\/.*routes\.yaml$/),
      "+          headers:",
      "+            request:",
      "+              set:",
      "+                Knative-Serving-Namespace: kyc",
      "+                Knative-Serving-Revision: credit-check-basic",
    ]);
    expect(await readFile(path, "utf8")).toBe(
      text
        .replace("credit-check-basic #", "credit-check-basic.kyc.svc.cluster.local #")
        .replace("          weight: 50\n", "")
        .replaceAll("\n", "\r\n"),
    );
  });

  test("reports to code scanning and to GitHub Actions, with files named from the top of the repository", async () => {
    const top = join(folder, "repository");
    await mkdir(join(top, ".git"), { recursive: true });
    await mkdir(join(top, "shop"));
    await writeFile(join(top, "shop/a.yaml"), "apiVersion: v1\nkin: Service\n");
    const sarif = await kycAt(join(top, "shop"), ["lint", "a.yaml", "-o", "sarif"]);
    expect([sarif.code, sarif.err]).toEqual([1, "read 1 file with 1 object\n"]);
    expect(JSON.parse(sarif.out)).toMatchObject({
      version: "2.1.0",
      runs: [
        {
          results: [
            {
              ruleId: "not-an-object",
              level: "error",
              locations: [{ physicalLocation: { artifactLocation: { uri: "shop/a.yaml" } } }],
            },
          ],
        },
      ],
    });
    const github = await kycAt(join(top, "shop"), ["lint", "a.yaml", "-o", "github"]);
    expect([github.code, github.out]).toEqual([
      1,
      "::error file=shop/a.yaml,line=1,col=1,title=not-an-object::this is not a Kubernetes object%0Agive apiVersion, kind and metadata\n",
    ]);
    expect(await kyc("lint", "--list", "-o", "sarif")).toMatchObject({ code: 2, out: "" });
  });

  test("reads the nearest folder of the user, never the tool's, and fails if it reads nothing", async () => {
    const own = join(folder, "own");
    await mkdir(join(own, "deep"), { recursive: true });
    const lint = ["lint"];
    expect(await kycAt(own, lint)).toEqual({
      code: 2,
      out: "",
      err: "read 0 files with 0 objects\nNo YAML or JSON file was found in ., so nothing was checked\n",
    });
    await writeFile(join(own, "deep/a.yaml"), "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n");
    expect(await kycAt(own, lint)).toMatchObject({ code: 0, err: "read 1 file with 1 object\n" });
    for (const name of ["knative", "istio"]) {
      await mkdir(join(own, name));
      await writeFile(
        join(own, name, "b.yaml"),
        `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`,
      );
    }
    expect(await kycAt(join(own, "deep"), lint)).toMatchObject({ err: "read 2 files with 2 objects\n" });
  });

  test("reads standard input, as equal and render do", async () => {
    const text = await readFile(sample("istio/split/by-istio/virtual-service.yaml"), "utf8");
    const input = text.replaceAll("\n", "\r\n");
    const broken = await kycAt(PROJECT, ["lint", "-"], text.replace("kind:", "kin:"));
    expect([broken.code, broken.out.split(":")[0]]).toEqual([1, "standard input"]);
    expect((await kycAt(PROJECT, ["equal", "-", sample("istio/split/by-istio")], input)).code).toBe(0);
    const traffic = await kycAt(PROJECT, ["render", "traffic", "-f", "-", "--split-only"], input);
    expect([traffic.code, traffic.out.split("\n")[0]]).toEqual([0, "traffic:"]);
    expect((await kycAt(PROJECT, ["lint", "--fix", "-"], text)).code).toBe(2);
  });

  test("lists its codes", async () => {
    const { code, out } = await kyc("lint", "--list", "-o", "json");
    expect(code).toBe(0);
    const ids = (JSON.parse(out) as { code: string }[]).map(({ code }) => code);
    expect(ids).toContain("knative-headers");
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });
});

test("deploy lints first, and applies nothing if an error is found", async () => {
  await file("kustomization.yaml", "resources: [claim.yaml]\n");
  await file(
    "claim.yaml",
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: x, namespace: kyc}
spec:
  hosts: [credit-check.kyc.svc.cluster.local]
  http: [{retries: {attempts: 0}, route: [{destination: {host: credit-check-basic.kyc.svc.cluster.local}}]}]
`,
  );
  const { code, err } = await kyc("deploy", "--istio", relative(PROJECT, folder), "--context", "nowhere");
  expect(code).toBe(1);
  expect(err).toContain("[own-host]");
  expect(err).toContain("--no-lint");
});
