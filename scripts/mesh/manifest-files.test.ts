import { afterAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ManifestDocument } from "../manifests/document.ts";
import { readDocuments } from "../manifests/read.ts";
import { ManifestFiles } from "./manifest-files.ts";

const roots: string[] = [];
afterAll(async () => {
  for (const root of roots) await rm(root, { recursive: true });
});

async function withFiles(lookAtAllAfterMs?: number): Promise<{ root: string; files: ManifestFiles }> {
  const root = await mkdtemp(join(tmpdir(), "manifest-files-"));
  roots.push(root);
  await mkdir(join(root, "istio"));
  for (const name of ["a", "b"]) await writeFile(join(root, `istio/${name}.yaml`), `kind: ${name}1`);
  return { root, files: new ManifestFiles(root, ["istio"], lookAtAllAfterMs) };
}

async function read(files: ManifestFiles): Promise<ManifestDocument[]> {
  const reading = files.begin();
  const { documents } = await reading.documents();
  files.accept(reading);
  return documents;
}

test("an unchanged file yields the same documents, and a changed one new ones", async () => {
  const { root, files } = await withFiles();
  const [a, b] = await read(files);
  await writeFile(join(root, "istio/b.yaml"), "kind: other");
  const [a2, b2] = await read(files);
  expect(a2).toBe(a);
  expect(b2).not.toBe(b);
  expect(b2).toMatchObject({ value: { kind: "other" } });
});

test("a change without a new size or time is read because it was reported", async () => {
  const { root, files } = await withFiles();
  const path = join(root, "istio/a.yaml");
  const time = new Date(1_700_000_000_000);
  await utimes(path, time, time);
  await read(files);
  const { size } = await stat(path);
  const seen = Promise.withResolvers<void>();
  const stop = files.watch(() => seen.resolve());
  await writeFile(path, "kind: a2");
  await utimes(path, time, time);
  await seen.promise;
  stop();
  expect((await stat(path)).size).toBe(size);
  const [a] = await read(files);
  expect(a).toMatchObject({ value: { kind: "a2" } });
});

test("a removed file is no longer in force", async () => {
  const { root, files } = await withFiles();
  await read(files);
  await rm(join(root, "istio/a.yaml"));
  expect(await read(files)).toMatchObject([{ value: { kind: "b1" } }]);
});

describe("after a change that was seen", () => {
  const NAMESPACE = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`;

  test.each<[string, (root: string) => Promise<unknown>]>([
    ["an edit of a file", (root) => writeFile(join(root, "istio/b.yaml"), NAMESPACE("other"))],
    ["a new file", (root) => writeFile(join(root, "istio/aa.yaml"), NAMESPACE("new"))],
    ["a file that is gone", (root) => rm(join(root, "istio/a.yaml"))],
    ["a file with another name", (root) => rename(join(root, "istio/a.yaml"), join(root, "istio/z.yaml"))],
    ["a folder that is gone", (root) => rm(join(root, "istio/more"), { recursive: true })],
    ["a folder with another name", (root) => rename(join(root, "istio/more"), join(root, "istio/0"))],
    ["a kustomization", (root) => writeFile(join(root, "istio/kustomization.yaml"), "resources: [b.yaml]\n")],
    [
      "an editor that saves through another file",
      async (root) => {
        await writeFile(join(root, "istio/4913"), "");
        await rm(join(root, "istio/4913"));
        await writeFile(join(root, "istio/b.yaml~"), NAMESPACE("saved"));
        await rename(join(root, "istio/b.yaml~"), join(root, "istio/b.yaml"));
      },
    ],
  ])("%s, the documents are those of all files", async (_, change) => {
    const { root, files } = await withFiles();
    await mkdir(join(root, "istio/more"));
    await writeFile(join(root, "istio/more/c.yaml"), NAMESPACE("c"));
    await read(files);
    let seen = Promise.withResolvers<void>();
    const stop = files.watch(() => seen.resolve());
    await change(root);
    await seen.promise;
    // Removing a folder causes several changes.
    await Bun.sleep(30);
    const afresh = await readDocuments(root, ["istio"]);
    expect(values(await read(files))).toEqual(values(afresh.documents));
    // A further edit reads only the changed file, if the list of files is the same.
    seen = Promise.withResolvers<void>();
    await writeFile(join(root, "istio/b.yaml"), NAMESPACE("again"));
    await seen.promise;
    expect(values(await read(files))).toEqual(values((await readDocuments(root, ["istio"])).documents));
    stop();
  });

  test("one that was not seen is found by the look at all files that follows", async () => {
    const { root, files } = await withFiles(50);
    await writeFile(join(root, "outside.yaml"), NAMESPACE("before"));
    await symlink("../outside.yaml", join(root, "istio/c.yaml"));
    await read(files);
    let seen = Promise.withResolvers<void>();
    const stop = files.watch(() => seen.resolve());
    await writeFile(join(root, "outside.yaml"), NAMESPACE("after"));
    await writeFile(join(root, "istio/b.yaml"), NAMESPACE("b"));
    await seen.promise;
    seen = Promise.withResolvers<void>();
    expect(values(await read(files))).toMatchObject([{}, {}, { metadata: { name: "before" } }]);
    await seen.promise;
    expect(values(await read(files))).toMatchObject([{}, {}, { metadata: { name: "after" } }]);
    stop();
  });

  test("one that did not come into force is not found again by that look", async () => {
    const { root, files } = await withFiles(50);
    await read(files);
    let changes = 0;
    let seen = Promise.withResolvers<void>();
    const stop = files.watch(() => {
      changes++;
      seen.resolve();
    });
    for (const name of ["in-force", "refused"]) {
      seen = Promise.withResolvers<void>();
      await writeFile(join(root, "istio/b.yaml"), NAMESPACE(name));
      await seen.promise;
      if (name === "in-force") await read(files);
    }
    const before = changes;
    await Bun.sleep(120);
    expect(changes).toBe(before);
    stop();
  });
});

function values(documents: readonly ManifestDocument[]): unknown[] {
  return documents.map(({ value }) => value);
}
