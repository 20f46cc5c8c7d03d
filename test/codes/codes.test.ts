import { describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { deploy } from "../../scripts/cluster/deploy/deploy.ts";
import { planDeploy } from "../../scripts/cluster/deploy/deploy-plan.ts";
import { runKnative } from "../../scripts/cluster/deploy/fake-knative.ts";
import { knativeCluster } from "../../scripts/cluster/workload/fake-objects.ts";
import { findingsIn } from "../../scripts/lint/testing/findings.ts";
import { type Code, CODES } from "../../scripts/manifests/codes/codes.ts";
import { type ManifestDocument, parseDocuments } from "../../scripts/manifests/document.ts";
import { InvalidManifests, type Problem } from "../../scripts/manifests/problem.ts";
import { type BuildKustomization, readDocuments, readManifests } from "../../scripts/manifests/read.ts";
import { collectResources } from "../../scripts/manifests/resources.ts";
import { userCertificates } from "../../scripts/mesh/gateways/user-certificates.ts";
import { readDevConfig } from "../../scripts/mesh/revisions/dev-config.ts";
import { revisionSpecs } from "../../scripts/mesh/revisions/spec.ts";
import { compilePlan } from "../../scripts/traffic/compile/compile.ts";
import { planKnativeServices } from "../../scripts/traffic/compile/knative.ts";
import { SAMPLE } from "../sample.ts";
import type { Example } from "./example-texts.ts";
import { EXAMPLES } from "./examples.ts";

describe("the code", () => {
  test.each(Object.keys(CODES) as Code[])("%s occurs", async (code) => {
    const problem = (await problemsOf(EXAMPLES[code])).find((each) => each.code === code);
    expect(problem).toBeDefined();
    const { severity, inLint } = CODES[code];
    expect([severity, inLint]).toContain(problem?.severity);
    expect(problem?.message).not.toBe("");
    expect(problem?.at.line).toBeGreaterThan(0);
  });

  test("is in kebab case, and its texts are sentences without a full stop", () => {
    for (const [code, { means, fix }] of Object.entries(CODES)) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      for (const text of [means, fix]) expect(text).toMatch(/^.{5,}[^.]$/);
    }
  });
});

async function problemsOf(example: Example): Promise<readonly Problem[]> {
  if ("lint" in example) return findingsIn(...example.lint);
  if ("lenient" in example) return collectResources(read(example.lenient), { lenient: true }).problems;
  if ("compiled" in example)
    return compilePlan(collectResources(read(example.compiled)).resources, "localhost").problems;
  if ("folder" in example) return problemsInFolder(example.folder);
  if ("built" in example)
    return problemsInFolder(example.built, async () => ({ failed: "there is no program" }));
  if ("deploy" in example) return planDeploy(read(example.deploy), [], new Map()).problems;
  if ("deployTwice" in example) return problemsOfDeploying(...example.deployTwice);
  if ("certificates" in example)
    return (await userCertificates("/nowhere", collectResources(read(example.certificates)).resources, {}))
      .problems;
  const { resources } = collectResources(read(example.run).slice(0, 2));
  const { services } = planKnativeServices(resources.knativeServices);
  return (
    await revisionSpecs(
      "/nowhere",
      services.flatMap(({ revisions }) => revisions),
      [],
      await readDevConfig("/nowhere", async (_, file) => parseDocuments(file, example.dev ?? "{}")),
    )
  ).problems;
}

function read(text: string): ManifestDocument[] {
  return parseDocuments("a.yaml", text).documents;
}

async function problemsInFolder(
  files: Readonly<Record<string, string>>,
  build?: BuildKustomization,
): Promise<Problem[]> {
  const root = await mkdtemp(join(tmpdir(), "codes-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
    if (build !== undefined) return (await readDocuments(root, ["."], { build })).problems;
    return (await readManifests(root, ["."])).problems;
  } finally {
    await rm(root, { recursive: true });
  }
}

async function problemsOfDeploying(from: string, to: string): Promise<readonly Problem[]> {
  const cluster = knativeCluster();
  runKnative(cluster);
  const { documents } = await readDocuments(SAMPLE, ["knative", "istio"]);
  const images = ["credit-check", "kyc-aggregator"].map((name) => ({
    name,
    image: `dev.local/kyc/${name}:a`,
  }));
  const apply = (edited: readonly ManifestDocument[]) =>
    deploy({
      kube: cluster.kube,
      documents: edited,
      namespace: "kyc",
      images,
      events: { onChange() {}, onView() {} },
      signal: new AbortController().signal,
      timeoutMs: 5_000,
      forceConflicts: false,
      dryRun: false,
    });
  await apply(documents);
  const edited = documents.map((document): ManifestDocument => {
    const value: unknown = JSON.parse(JSON.stringify(document.value).replace(from, to));
    return document.file.endsWith("2-advanced.yaml") ? { ...document, value } : document;
  });
  try {
    await apply(edited);
  } catch (error) {
    if (error instanceof InvalidManifests) return error.problems;
    throw error;
  }
  return [];
}
