import { beforeAll, describe, expect, test } from "bun:test";
import { readDocuments } from "../../manifests/read.ts";
import { choose, type Edit, FOLDERS, SPLITS, withSample } from "../../../test/sample.ts";
import { compare } from "./compare.ts";
import type { Comparison } from "./comparison.ts";
import { entriesOf } from "./entries.ts";
import { prepare } from "./prepare.ts";

// The sample's three splits: with the same percents every request is routed the same way, whichever component splits.

const TRAFFIC = "knative/credit-check/2-advanced.yaml";

/**
 * Returns the edits for Knative's percents and the weights of both VirtualServices: the second and the first of each
 * file's pair.
 */
function percents(basic: number): Edit[] {
  const weights = (split: string): Edit => ({
    file: `istio/split/${split}/virtual-service.yaml`,
    from: /weight: \d+([\s\S]*?)weight: \d+/,
    to: `weight: ${basic}$1weight: ${100 - basic}`,
  });
  return [
    {
      file: TRAFFIC,
      from: /percent: \d+([\s\S]*?)percent: \d+/,
      to: `percent: ${basic}$1percent: ${100 - basic}`,
    },
    weights("by-istio"),
    weights("by-istio-tags"),
  ];
}

async function between(a: Edit[], b: Edit[]): Promise<Comparison> {
  const [ofA, ofB] = await Promise.all(
    [a, b].map((edits) => withSample(edits, (root) => readDocuments(root, FOLDERS))),
  );
  if (ofA === undefined || ofB === undefined) throw new Error("two sides are needed");
  expect([...ofA.problems, ...ofB.problems]).toEqual([]);
  const sides = [
    { name: "a", documents: ofA.documents },
    { name: "b", documents: ofB.documents },
  ] as const;
  const prepared = prepare(sides, [], "example.com");
  expect([prepared.errors, prepared.doubts, prepared.notes]).toEqual([[], [], []]);
  return compare(prepared.a, prepared.b, entriesOf(prepared.a, prepared.b), {
    revisionHeader: "x-kyc-revision",
  });
}

const PAIRS = SPLITS.flatMap((a, i) => SPLITS.slice(i + 1).map((b) => [a, b] as const));

describe.each(PAIRS)("split/%s and split/%s", (a, b) => {
  test("are equal as they are, at every place where requests arrive", async () => {
    const { verdict, compared, doubts } = await between([choose(a)], [choose(b)]);
    expect([verdict, doubts]).toEqual(["equal", []]);
    expect(compared.map(({ listener, hosts }) => `${listener} ${hosts[0]}`)).toEqual(
      expect.arrayContaining([
        "ingress *",
        "mesh kyc-credit-check.kyc.svc.cluster.local",
        "local-gateway kyc-credit-check.kyc.svc.cluster.local",
        "mesh credit-check.kyc",
        "mesh advanced-credit-check.kyc.svc.cluster.local",
      ]),
    );
  });

  test.each([0, 1, 37, 100])("are equal if all have %d %% basic", async (basic) => {
    const edits = percents(basic);
    expect(await between([choose(a), ...edits], [choose(b), ...edits])).toMatchObject({ verdict: "equal" });
  });

  test("differ only in the split if their percents differ", async () => {
    // If Knative splits, its percents differ; if Istio splits, its weights do.
    const { verdict, differences } = await between(
      [choose(a), ...percents(40)],
      [choose(b), ...percents(41)],
    );
    expect(verdict).toBe("different");
    const shown = differences.find(({ listener }) => listener === "ingress");
    expect(shown?.request).toMatchObject({
      method: "GET",
      path: expect.stringMatching(/^\/credit-check\//),
      headers: [],
    });
    expect(shown?.sides.map((side) => side.map(({ share }) => share))).toEqual([
      ["40 %", "60 %"],
      ["41 %", "59 %"],
    ]);
  });
});

describe("the comparison of the sample's splits", () => {
  let pinned: Comparison;
  beforeAll(async () => {
    pinned = await between(
      [choose("by-knative")],
      [
        choose("by-istio"),
        { file: "istio/split/by-istio/virtual-service.yaml", from: "exact: advanced", to: "exact: Advanced" },
      ],
    );
  });

  test("detects one changed letter of a pin", () => {
    expect(pinned.verdict).toBe("different");
    expect(pinned.differences[0]?.request).toMatchObject({
      path: "/credit-check/report",
      headers: [["end-user", expect.stringMatching(/^[Aa]dvanced$/)]],
    });
  });
});
