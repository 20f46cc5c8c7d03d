import { afterAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocuments } from "../manifests/document.ts";
import { collectResources } from "../manifests/resources.ts";
import { compilePlan } from "../traffic/compile/compile.ts";
import { ruleStates } from "./admin/rules.ts";
import { describeChanges } from "./changes.ts";
import { type Configuration, loadConfiguration } from "./configuration.ts";
import { ManifestFiles } from "./manifest-files.ts";

const root = await mkdtemp(join(tmpdir(), "kyc-changes-"));
afterAll(() => rm(root, { recursive: true }));

const files = new ManifestFiles(root, ["istio"]);

/** Reads VirtualServices of these names, each with its answer; unchanged ones stay the same object. */
async function load(answers: Readonly<Record<string, string>>): Promise<Configuration> {
  await rm(join(root, "istio"), { recursive: true, force: true });
  for (const folder of ["istio", "knative"]) await mkdir(join(root, folder), { recursive: true });
  for (const [name, answer] of Object.entries(answers))
    await writeFile(join(root, "istio", `${name}.yaml`), virtualService(name, answer));
  const reading = files.begin();
  const configuration = await loadConfiguration(root, { reading });
  files.accept(reading);
  return configuration;
}

const virtualService = (name: string, answer: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}}
spec:
  hosts: [${name}.example]
  http: [{directResponse: {status: 200, body: {string: answer ${answer}}}}]
`;

const START = { a: "1", b: "1", c: "1", d: "1" };

test.each<[string, Record<string, string>, string[]]>([
  ["nothing", START, []],
  ["the first", { ...START, a: "2" }, ["VirtualService a changed"]],
  ["the last", { ...START, d: "2" }, ["VirtualService d changed"]],
  [
    "two in the middle",
    { ...START, b: "2", c: "2" },
    ["VirtualService b changed", "VirtualService c changed"],
  ],
  ["one that goes", { a: "1", c: "1", d: "1" }, ["VirtualService b is gone"]],
  ["the last that goes", { a: "1", b: "1", c: "1" }, ["VirtualService d is gone"]],
  ["all that go", {}, ["a", "b", "c", "d"].map((name) => `VirtualService ${name} is gone`)],
  ["one that comes", { ...START, bb: "1" }, ["VirtualService bb is new"]],
  ["one that comes last", { ...START, e: "1" }, ["VirtualService e is new"]],
  [
    "one for another",
    { a: "1", bb: "1", c: "1", d: "1" },
    ["VirtualService b is gone", "VirtualService bb is new"],
  ],
])("an edit of %s is reported, and nothing else", async (_, answers, expected) => {
  const before = await load(START);
  expect(describeChanges(before, await load(answers))).toEqual(expected);
});

test("weights between subsets are described by the subsets, in changes and in rules", async () => {
  const split = (v1: number): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
    - route:
        - {destination: {host: web, subset: v1}, weight: ${v1}}
        - {destination: {host: web, subset: v2}, weight: ${100 - v1}}
`;
  const read = (text: string): Configuration => {
    const { resources } = collectResources(parseDocuments("a.yaml", text).documents);
    const { plan } = compilePlan(resources, "localhost");
    return { resources, plan, specs: [], dev: {}, certificates: new Map(), warnings: [] };
  };
  const [before, now] = [read(split(90)), read(split(75))];
  expect(describeChanges(before, now)).toEqual(["web: web v1 weight 90 → 75, web v2 weight 10 → 25"]);
  expect(ruleStates(now).map(({ action }) => action)).toEqual(["75 to web v1, 25 to web v2"]);
});
