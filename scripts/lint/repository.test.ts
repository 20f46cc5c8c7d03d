import { expect, test } from "bun:test";
import { readDocuments } from "../manifests/read.ts";
import { PROJECT } from "../project.ts";
import { lint } from "./lint.ts";

const KUSTOMIZED: string[][] = [
  ["knative", "istio"],
  ["knative", "istio/common", "istio/split/by-istio"],
  ["knative", "istio/common", "istio/split/by-istio-tags"],
  ["knative", "istio/strict"],
  ["istio/split/by-istio"],
  ["next/v3"],
];

test.each(KUSTOMIZED.map((folders) => [folders]))(
  "the repository's own files have nothing to find: %s",
  async (folders) => {
    const [own, around] = await Promise.all([
      readDocuments(PROJECT, folders),
      readDocuments(PROJECT, ["knative", "istio/common"]),
    ]);
    expect([...own.problems, ...lint(own.documents, around.documents)]).toEqual([]);
    expect(own.documents.length).toBeGreaterThan(0);
  },
);
