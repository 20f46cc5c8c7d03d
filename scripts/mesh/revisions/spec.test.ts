import { describe, expect, test } from "bun:test";
import { parseDocuments } from "../../manifests/document.ts";
import { formatProblem } from "../../manifests/problem.ts";
import { collectResources } from "../../manifests/resources.ts";
import { planKnativeServices } from "../../traffic/compile/knative.ts";
import { PROJECT } from "../../project.ts";
import { containerRuntime } from "./container.ts";
import { revisionSpecs } from "./spec.ts";

const service = (env: string): string => `
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: shop, namespace: kyc}
spec: {template: {spec: {containers: [{image: a/shop, env: [${env}]}]}}}`;
const secret = (fields: string, namespace = "kyc"): string => `
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: ${namespace}${fields}`;
const fromSecret = (key: string, more = ""): string =>
  `{name: ${key}, valueFrom: {secretKeyRef: {name: keys, key: ${key}${more}}}}`;

async function specOf(...texts: string[]) {
  const documents = texts.flatMap((text, i) => parseDocuments(`${i + 1}.yaml`, text).documents);
  const { resources, problems } = collectResources(documents);
  expect(problems.map(formatProblem)).toEqual([]);
  const { services } = planKnativeServices(resources.knativeServices);
  const read = await revisionSpecs(
    "/nowhere",
    services.flatMap(({ revisions }) => revisions),
    resources.secrets,
  );
  const others = read.problems.filter(({ code }) => code !== "program-missing");
  return { spec: read.specs[0], problems: others.map(formatProblem) };
}

test("a variable has its value from a Secret's data or stringData", async () => {
  const { spec, problems } = await specOf(
    service(`${fromSecret("A")}, ${fromSecret("B")}, {name: C, value: plain}`),
    secret('}\ndata: {A: cG9rZXI=, B: b3Rt}\nstringData: {B: "yes"}'),
  );
  expect(problems).toEqual([]);
  expect(spec?.env).toEqual({ A: "poker", B: "yes", C: "plain" });
});

test("a generated value is made once, and differs between Secrets", async () => {
  const asked = 'annotations: {kyc.dev/generate: "A,B"}}';
  const read = () => specOf(service(`${fromSecret("A")}, ${fromSecret("B")}`), secret(`, ${asked}`));
  const [first, second] = [await read(), await read()];
  expect(first.problems).toEqual([]);
  expect(first.spec?.env["A"]).toMatch(/^[0-9a-f]{64}$/);
  expect(first.spec?.env["B"]).not.toBe(first.spec?.env["A"] ?? "");
  expect(second.spec?.env).toEqual(first.spec?.env ?? {});
});

test("a revision with another value in its Secret is a different one", async () => {
  const read = (value: string) => specOf(service(fromSecret("A")), secret(`}\nstringData: {A: ${value}}`));
  expect((await read("one")).spec?.fingerprint).not.toBe((await read("two")).spec?.fingerprint ?? "");
});

test("a Secret that no file describes is an error, unless it is optional", async () => {
  const { problems } = await specOf(service(fromSecret("A")), secret("}\nstringData: {A: one}", "other"));
  expect(problems).toEqual([
    "1.yaml:5:18: error: spec.template.spec.containers[0].env[0].valueFrom.secretKeyRef: no file has a Secret kyc/keys with the value A; add the Secret, or write optional: true",
  ]);
  const { spec, problems: none } = await specOf(service(fromSecret("A", ", optional: true")));
  expect(none).toEqual([]);
  expect(spec?.env).toEqual({});
});

describe("an image without a local program", () => {
  const fake =
    (answering: readonly string[], tried: string[] = []) =>
    async ([name = ""]: readonly string[]) => {
      tried.push(name);
      return answering.includes(name);
    };
  const read = async (root: string, image: string, on: ReturnType<typeof fake>) => {
    const { documents } = parseDocuments(
      "1.yaml",
      service("{name: SECRET, value: hidden}").replace("a/shop", image),
    );
    const { services } = planKnativeServices(collectResources(documents).resources.knativeServices);
    const revisions = services.flatMap((each) => each.revisions);
    return revisionSpecs(root, revisions, [], undefined, () => containerRuntime(on));
  };

  test("runs as a container in the available runtime, on this machine's network, with all variables", async () => {
    const tried: string[] = [];
    const { specs, problems } = await read("/nowhere", "registry.example/shop:1", fake(["podman"], tried));
    expect(problems).toEqual([]);
    expect(tried).toEqual(["docker", "podman"]);
    const [spec] = specs;
    const command = spec?.command.slice(spec.command.indexOf("podman")) ?? [];
    expect(command.slice(0, 6)).toEqual(["podman", "run", "--rm", "--init", "--network", "host"]);
    expect(command.at(-1)).toBe("registry.example/shop:1");
    for (const name of ["PORT", "HTTP_PROXY", "K_REVISION", "SECRET"])
      expect(command[command.indexOf(name) - 1]).toBe("--env");
    // The list of processes shows command lines.
    expect(command.join(" ")).not.toContain("hidden");
    expect(spec?.env).toEqual({ SECRET: "hidden" });
  });

  test("is an error without a runtime, and if its name is similar to that of a function", async () => {
    const { problems } = await read("/nowhere", "registry.example/shop:1", fake([]));
    expect(problems.map(({ code, fix }) => [code, fix])).toEqual([
      ["program-missing", expect.stringContaining("start Docker or Podman")],
    ]);
    const tried: string[] = [];
    const mistyped = await read(PROJECT, "dev.local/kyc/credit-chek:dev", fake(["docker"], tried));
    expect(mistyped.problems.map(({ fix }) => fix)).toEqual(["did you mean credit-check?"]);
    expect(tried).toEqual([]);
  });
});
