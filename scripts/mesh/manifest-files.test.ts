import { afterAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDocuments } from "../manifests/read.ts";
import { ManifestFiles } from "./manifest-files.ts";

const roots: string[] = [];
afterAll(async () => {
  for (const root of roots) await rm(root, { recursive: true });
});

async function withFiles(): Promise<{ root: string; files: ManifestFiles }> {
  const root = await mkdtemp(join(tmpdir(), "manifest-files-"));
  roots.push(root);
  await mkdir(join(root, "istio"));
  for (const name of ["a", "b"]) await writeFile(join(root, `istio/${name}.yaml`), `kind: ${name}1`);
  return { root, files: new ManifestFiles(root, ["istio"]) };
}

async function read(root: string, files: ManifestFiles): Promise<unknown[]> {
  const reading = files.begin();
  const { documents } = await readDocuments(root, ["istio"], { open: reading.open });
  files.accept(reading);
  return documents;
}

test("a file that has not changed gives the same documents, and one that has new ones", async () => {
  const { root, files } = await withFiles();
  const [a, b] = await read(root, files);
  await writeFile(join(root, "istio/b.yaml"), "kind: other");
  const [a2, b2] = await read(root, files);
  expect(a2).toBe(a);
  expect(b2).not.toBe(b);
  expect(b2).toMatchObject({ value: { kind: "other" } });
});

test("a change that leaves a file's size and time as they were is read because it was seen", async () => {
  const { root, files } = await withFiles();
  const path = join(root, "istio/a.yaml");
  const time = new Date(1_700_000_000_000);
  await utimes(path, time, time);
  await read(root, files);
  const { size } = await stat(path);
  const seen = Promise.withResolvers<void>();
  const stop = files.watch(() => seen.resolve());
  await writeFile(path, "kind: a2");
  await utimes(path, time, time);
  await seen.promise;
  stop();
  expect((await stat(path)).size).toBe(size);
  const [a] = await read(root, files);
  expect(a).toMatchObject({ value: { kind: "a2" } });
});

test("a file that is gone is no longer in force", async () => {
  const { root, files } = await withFiles();
  await read(root, files);
  await rm(join(root, "istio/a.yaml"));
  expect(await read(root, files)).toMatchObject([{ value: { kind: "b1" } }]);
});
