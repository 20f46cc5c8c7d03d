import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { announceMesh, findMesh } from "./dev-file.ts";

let root: string;
const file = (): string => join(root, ".kyc", "dev.json");

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kyc-found-"));
});

afterEach(() => rm(root, { recursive: true, force: true }));

/** A process that was there and is gone. */
async function goneProcess(): Promise<number> {
  const child = Bun.spawn(["true"]);
  await child.exited;
  return child.pid;
}

test("a mesh is found while it runs, and not afterwards", async () => {
  expect(await findMesh(root)).toBeUndefined();
  const mesh = { port: 8080, localPort: 8081, pid: process.pid, root };
  const takeBack = await announceMesh(mesh);
  expect(await findMesh(root)).toEqual(mesh);
  takeBack();
  expect(await findMesh(root)).toBeUndefined();
});

test("one that was killed is not found, and the next takes its place", async () => {
  await announceMesh({ port: 8080, localPort: 8081, pid: await goneProcess(), root });
  expect(await findMesh(root)).toBeUndefined();
  const mesh = { port: 9000, localPort: 9001, pid: process.pid, root };
  await announceMesh(mesh);
  expect(await findMesh(root)).toEqual(mesh);
});

test("of two from one folder the first stays, as long as it answers", async () => {
  using first = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("{}") });
  const { port = 0 } = first;
  // Whoever has this number: it is a process that lives and is not this one.
  await announceMesh({ port, localPort: port, pid: process.ppid, root });
  const takeBack = await announceMesh({ port: 9000, localPort: 9001, pid: process.pid, root });
  expect((await findMesh(root))?.port).toBe(port);
  takeBack();
  expect((await findMesh(root))?.port).toBe(port);
  await first.stop(true);
  await announceMesh({ port: 9000, localPort: 9001, pid: process.pid, root });
  expect((await findMesh(root))?.port).toBe(9000);
});

test.each(["", "{", "{}", '{"port":"8080"}'])("a file with %j in it is none of a mesh", async (text) => {
  const takeBack = await announceMesh({ port: 8080, localPort: 8081, pid: process.pid, root });
  await writeFile(file(), text);
  expect(await findMesh(root)).toBeUndefined();
  takeBack();
  expect(await readFile(file(), "utf8")).toBe(text);
});
