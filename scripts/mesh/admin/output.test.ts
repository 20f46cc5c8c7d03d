import { afterAll, beforeAll, expect, test } from "bun:test";
import { announceMesh } from "./dev-file.ts";
import { TestSystem, until } from "../testing/test-system.ts";
import { readMeshLogs } from "./mesh-logs.ts";

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.create();
  await system.write(
    "functions/echo/main.ts",
    `let count = 0;
     console.log("starts");
     Bun.serve({ port: Number(process.env["PORT"]), hostname: process.env["HOST"], fetch({ url }) {
       if (url.endsWith("/line")) console.log("line " + ++count);
       return new Response("");
     } });`,
  );
  const mesh = await system.start();
  const { port, localPort } = mesh;
  await announceMesh({ port, localPort, pid: process.pid, root: system.root });
});

afterAll(() => system[Symbol.asyncDispose]());

/** Returns the output of revision b; it writes a line for each request. */
async function lines(tail: number, follow = false, signal = AbortSignal.timeout(20_000)): Promise<string[]> {
  const texts: string[] = [];
  const wanted = { service: "echo", revision: "b", tail, follow, signal };
  await readMeshLogs({ root: system.root }, wanted, ({ revision, text }) => {
    texts.push(`${revision} ${text}`);
  });
  return texts;
}

const ask = () => system.fetch("/line", { headers: { host: "b-echo.test.localhost" } });

test("the last lines of a revision are kept, and later ones can be followed", async () => {
  await ask();
  await ask();
  await until("three lines", async () => (await lines(50)).length === 3);
  expect(await lines(50)).toEqual(["echo-b starts", "echo-b line 1", "echo-b line 2"]);
  expect(await lines(1)).toEqual(["echo-b line 2"]);
  expect(await lines(0)).toEqual([]);

  const end = new AbortController();
  const followed: string[] = [];
  const wanted = { service: undefined, revision: undefined, tail: 0, follow: true, signal: end.signal };
  const reading = readMeshLogs({ root: system.root }, wanted, ({ text }) => void followed.push(text));
  await until("two lines followed", async () => {
    await ask();
    return followed.length > 1;
  });
  end.abort();
  expect(await reading).toBe(followed.length);
  expect(followed.every((text) => text.startsWith("line "))).toBe(true);
});

test("a malformed number of lines is refused", async () => {
  const answer = await system.fetch("/_mesh/logs?tail=many");
  expect([answer.status, await answer.json()]).toEqual([
    400,
    { type: "about:blank", title: "tail=many: a whole number is expected", status: 400 },
  ]);
});
