import { expect, test } from "bun:test";
import fc from "fast-check";
import { stringify } from "yaml";
import { type ManifestDocument, parseDocuments } from "../../manifests/document.ts";
import { collectResources } from "../../manifests/resources.ts";
import { creditCheck, externalName, gateway, to, virtualService } from "../testing/sample-plans.ts";
import { CompileMemory, compilePlan } from "./compile.ts";

/** The successive objects of a file; some of them are not valid. */
const VERSIONS: readonly object[][] = [
  creditCheck([{ revisionName: "credit-check-basic", percent: 100 }]),
  creditCheck([{ revisionName: "credit-check-advanced", percent: 100 }]),
  [gateway("kyc", ["*"])],
  [gateway("kyc", ["a.example"])],
  [virtualService([{ route: [to("basic")] }], { hosts: ["a.example"], gateways: ["kyc", "mesh"] })],
  [virtualService([{ route: [to("advanced")] }], { hosts: ["b.example", "a.example"] })],
  [virtualService([{ route: [to("missing")] }], { hosts: ["*.example"] })],
  [externalName("other", "credit-check.kyc.svc.cluster.local")],
  [externalName("other", "nowhere.kyc.svc.cluster.local")],
  [],
];

test("successive edits compile to the same result as each alone", () => {
  const parsed = VERSIONS.map(
    (objects, i) =>
      parseDocuments(`${i}.yaml`, objects.map((object) => stringify(object)).join("---\n")).documents,
  );

  const state = fc.shuffledSubarray(parsed, { maxLength: 5 });
  fc.assert(
    fc.property(fc.array(state, { minLength: 2, maxLength: 6 }), (states) => {
      const memory = new CompileMemory();
      for (const files of states) {
        const documents = files.flat();
        const incremental = compilePlan(collectResources(documents).resources, "example.com", memory);
        const anew = compilePlan(collectResources(documents.map(copyOf)).resources, "example.com");
        expect(comparable(incremental)).toBe(comparable(anew));
      }
    }),
    { numRuns: 150 },
  );
});

test("an object that has not changed is compiled once", () => {
  const memory = new CompileMemory();
  const [basic = [], , open = [], , unchanged = [], before = [], after = []] = VERSIONS.map(
    (objects, i) =>
      parseDocuments(`${i}.yaml`, objects.map((object) => stringify(object)).join("---\n")).documents,
  );
  const rules = [before, after].map((edited) => {
    const { resources } = collectResources([...basic, ...open, ...unchanged, ...edited]);
    return compilePlan(resources, "example.com", memory).plan.table.listeners.mesh.exact.get("a.example");
  });
  expect(rules[1]?.[0]).toBeDefined();
  expect(rules[1]?.[0]).toBe(rules[0]?.[0]);
});

/** Returns an equal object that the memory does not know. */
function copyOf(document: ManifestDocument): ManifestDocument {
  return { ...document };
}

function comparable(compiled: ReturnType<typeof compilePlan>): string {
  return JSON.stringify(compiled, (_, value: unknown) => (value instanceof Map ? [...value] : value), 1);
}
