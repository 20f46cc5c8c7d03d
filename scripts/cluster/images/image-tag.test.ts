import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PROJECT } from "../../project.ts";
import { UserError } from "../user-error.ts";
import { functionImages } from "./image-tag.ts";

let base = "";

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "kyc tags "));
});

afterAll(async () => {
  await rm(base, { recursive: true, force: true });
});

/** Two functions that share a module, load another late, and use a package. */
const FILES: Readonly<Record<string, string>> = {
  Dockerfile: "FROM scratch\n",
  ".bun-version": "1.4.5\n",
  "package.json": '{"dependencies":{"dep":"1.0.0"}}',
  "node_modules/dep/package.json": '{"name":"dep","version":"1.0.0","main":"index.js"}',
  "node_modules/dep/index.js": "exports.here = 'dep'; exports.folder = () => 1;",
  "functions/shared/words.ts": "export const greet = (name: string): string => `hello ${name}`;\n",
  "functions/one/main.ts":
    'import { greet } from "../shared/words.ts";\nimport { here } from "dep";\nconsole.log(greet(here), await import("./late.ts"));\n',
  "functions/one/late.ts":
    'import page from "./page.css" with { type: "file" };\nexport const late = [true, page];\n',
  "functions/one/page.css": "body { margin: 0 }\n",
  "functions/two/main.ts": 'import { greet } from "../shared/words.ts";\nconsole.log(greet("two"));\n',
};

async function project(name: string, changes: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = join(base, name);
  for (const [file, text] of Object.entries({ ...FILES, ...changes })) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
  return root;
}

async function tags(root: string): Promise<Record<string, string>> {
  const images = await functionImages(root, "dev.local/kyc");
  return Object.fromEntries(images.map(({ name, image }) => [name, image.split(":")[1] ?? ""]));
}

describe("a tag", () => {
  test("is the same in any folder and at any time", async () => {
    const first = await tags(await project("a"));
    const second = await tags(await project("elsewhere/deep down/b"));
    expect(second).toEqual(first);
    expect(Object.keys(first)).toEqual(["one", "two"]);
    for (const tag of Object.values(first)) expect(tag).toMatch(/^[0-9a-f]{16}$/);
  });

  test("changes with the function, and only with it", async () => {
    const before = await tags(await project("before"));
    const after = await tags(await project("after", { "functions/one/late.ts": "export const late = 2;\n" }));
    expect(after["one"]).not.toBe(before["one"]);
    expect(after["two"]).toBe(before["two"]);
  });

  test.each([
    [
      "a shared module",
      { "functions/shared/words.ts": "export const greet = (name: string) => `hi ${name}`;\n" },
    ],
    ["the Dockerfile", { Dockerfile: "FROM scratch\nUSER 1000\n" }],
    ["the version of Bun", { ".bun-version": "1.4.6\n" }],
  ])("of both changes with %s", async (_, changes) => {
    const before = await tags(await project("before"));
    const after = await tags(await project(Object.keys(changes)[0] ?? "", changes as Record<string, string>));
    for (const name of ["one", "two"]) expect(after[name]).not.toBe(before[name]);
  });

  test("changes with a package that is used", async () => {
    const before = await tags(await project("before"));
    const after = await tags(
      await project("package", { "node_modules/dep/index.js": "exports.here = 'changed';" }),
    );
    expect(after["one"]).not.toBe(before["one"]);
    expect(after["two"]).toBe(before["two"]);
  });

  test.each([
    ["a test", { "functions/one/main.test.ts": 'throw new Error("never");\n' }],
    ["a comment", { "functions/one/late.ts": `// why\n${FILES["functions/one/late.ts"]}` }],
    [
      "a dependency of the tools",
      { "package.json": '{"dependencies":{"dep":"1.0.0"},"devDependencies":{"x":"1"}}' },
    ],
  ])("does not change with %s", async (name, changes) => {
    const before = await tags(await project("before"));
    expect(await tags(await project(name, changes as Record<string, string>))).toEqual(before);
  });

  test("can be the user's own", async () => {
    const images = await functionImages(await project("own"), "registry.example.com/kyc", "trial");
    expect(images.map(({ image }) => image)).toEqual([
      "registry.example.com/kyc/one:trial",
      "registry.example.com/kyc/two:trial",
    ]);
  });

  test("cannot be had of a function that does not compile; the place is reported", async () => {
    const root = await project("broken", { "functions/two/main.ts": "const = 1;\n" });
    const tagging = functionImages(root, "dev.local/kyc");
    await expect(tagging).rejects.toThrow(UserError);
    await expect(tagging).rejects.toThrow(/two cannot be bundled[\s\S]*functions\/two\/main\.ts:1/);
  });
});

test("the manifests name images of functions that exist", async () => {
  const names = (await functionImages(PROJECT, "p", "t")).map(({ name }) => name);
  const manifest = await readFile(join(PROJECT, "knative/kyc-aggregator.yaml"), "utf8");
  expect(names).toContain(/image: \S+\/([a-z-]+):/.exec(manifest)?.[1] ?? "none");
});
