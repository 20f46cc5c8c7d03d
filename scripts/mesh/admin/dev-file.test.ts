import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { announcedMesh } from "../testing/announced-mesh.ts";
import { announceMesh, findMesh } from "./dev-file.ts";

let root: string;
const file = (): string => join(root, ".kyc", "dev.json");

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kyc-found-"));
});

afterEach(() => rm(root, { recursive: true, force: true }));

/** Returns the id of a process that has ended. */
async function endedProcess(): Promise<number> {
  const child = Bun.spawn(["true"]);
  await child.exited;
  return child.pid;
}

test("a mesh is found while it runs, and not afterwards", async () => {
  expect(await findMesh(root)).toBeUndefined();
  await using running = await announcedMesh(root);
  const { port, localPort, pid } = running;
  const mesh = { port, localPort, pid, root };
  const takeBack = await announceMesh(mesh);
  expect(await findMesh(root)).toEqual(mesh);
  takeBack();
  expect(await findMesh(root)).toBeUndefined();
});

test("a mesh that was killed is not found, and the next one takes its place", async () => {
  await announceMesh({ port: 8080, localPort: 8081, pid: await endedProcess(), root });
  expect(await findMesh(root)).toBeUndefined();
  await using next = await announcedMesh(root);
  expect((await findMesh(root))?.port).toBe(next.port);
});

test("a file of a killed mesh is detected although its process id and port are in use again", async () => {
  const left = { localPort: 1, pid: process.ppid, root };
  using other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("{}") });
  await announceMesh({ ...left, port: other.port ?? 0 });
  expect(await findMesh(root)).toBeUndefined();
  // The port now belongs to a mesh of another folder, or to another process.
  const claims = [
    { pid: process.ppid, root: "/elsewhere" },
    { pid: process.pid, root },
    { pid: process.ppid },
    "mesh",
  ];
  for (const claim of claims) {
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json(claim) });
    await writeFile(file(), JSON.stringify({ ...left, port: server.port }));
    expect(await findMesh(root)).toBeUndefined();
  }
});

test("a file with a port that no process listens on is ignored", async () => {
  const { port } = await announcedMesh(root).then(async (mesh) => (await mesh[Symbol.asyncDispose](), mesh));
  await announceMesh({ port, localPort: port, pid: process.pid, root });
  expect(await findMesh(root)).toBeUndefined();
});

test("of two meshes of one folder the first is found while it answers", async () => {
  const first = await announcedMesh(root, process.ppid);
  const second = { port: 9000, localPort: 9001, pid: process.pid, root };
  const takeBack = await announceMesh(second);
  expect((await findMesh(root))?.port).toBe(first.port);
  takeBack();
  expect((await findMesh(root))?.port).toBe(first.port);
  await first[Symbol.asyncDispose]();
  await announceMesh(second);
  expect(JSON.parse(await readFile(file(), "utf8"))).toEqual(second);
});

test.each(["", "{", "{}", '{"port":"8080"}'])("a file that contains %j names no mesh", async (text) => {
  const takeBack = await announceMesh({ port: 8080, localPort: 8081, pid: process.pid, root });
  await writeFile(file(), text);
  expect(await findMesh(root)).toBeUndefined();
  takeBack();
  expect(await readFile(file(), "utf8")).toBe(text);
});
