import { expect, test } from "bun:test";
import { unknownReferences } from "./unknown.ts";

const BLOCK = [
  { tag: "basic", revisionName: "check-basic", latestRevision: false, percent: 50 },
  { tag: "advanced", revisionName: "check-advanced", latestRevision: false, percent: 50 },
];
const REVISIONS = ["check-basic", "check-advanced", "check-v3"];

function unknown({ traffic = [] as string[], tags = [] as string[], untags = [] as string[] }): string[] {
  return unknownReferences(BLOCK, REVISIONS, { traffic, tags, untags });
}

test("tags, revisions, @latest and tags of the same command are known", () => {
  expect(
    unknown({ traffic: ["basic=10", "check-v3=20", "@latest=60", "new=10"], tags: ["check-v3=new"] }),
  ).toEqual([]);
});

test("an unknown name is reported with the nearest known one", () => {
  expect(unknown({ traffic: ["bsaic=100"] })).toEqual([
    "--traffic bsaic=100: there is no tag or revision bsaic; did you mean basic?",
  ]);
  expect(unknown({ traffic: ["latest=100"] })).toEqual([
    "--traffic latest=100: there is no tag or revision latest; did you mean @latest?",
  ]);
  expect(unknown({ tags: ["check-v4=new"] })).toEqual([
    "--tag check-v4=new: there is no revision check-v4; did you mean check-v3?",
  ]);
});

test("a tag that the same command removes is unknown", () => {
  expect(unknown({ traffic: ["basic=100"], untags: ["basic"] })).toEqual([
    "--traffic basic=100: there is no tag or revision basic; known are advanced, @latest, check-basic, check-advanced, check-v3",
  ]);
});
