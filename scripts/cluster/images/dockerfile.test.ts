import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT } from "../../project.ts";
import { BUNDLE } from "./image-tag.ts";

const read = (file: string): Promise<string> => readFile(join(PROJECT, file), "utf8");
const dockerfile = await read("Dockerfile");
const [build = "", final = ""] = dockerfile.split(/^(?=FROM )/m).slice(1);

describe("the Dockerfile", () => {
  test("uses the Bun that the project is pinned to, in both stages", async () => {
    const version = (await read(".bun-version")).trim();
    const base = /^ARG BASE=(.*)$/m.exec(dockerfile)?.[1] ?? "";
    // Renovate appends the digest.
    expect(base.replace(/@sha256:[0-9a-f]{64}$/, "")).toBe(`docker.io/oven/bun:${version}-slim`);
    for (const stage of [build, final]) expect(stage).toStartWith("FROM ${BASE}");
  });

  test("bundles as the content tag does", () => {
    const command = /^RUN bun build "functions\/\$\{FUNCTION\}\/main\.ts" (.*) --outdir=\/out$/m.exec(
      build,
    )?.[1];
    expect(command?.split(" ")).toEqual([...BUNDLE]);
  });

  test("installs the versions of the lockfile, without the tools' dependencies, and runs no package's script", () => {
    expect(build).toMatch(/RUN bun install .*--frozen-lockfile --production --ignore-scripts/);
  });

  test("copies the code after the packages are installed, so that a change of code installs nothing", () => {
    expect(build.indexOf("RUN bun install")).toBeLessThan(build.indexOf("COPY functions"));
    expect(build).not.toMatch(/^COPY \. /m);
  });

  test("makes an image of the bundle only: nothing runs in the final stage, and no shell at the start", () => {
    expect(final).not.toMatch(/^(RUN|CMD|SHELL|ADD) /m);
    expect(final.match(/^COPY .*$/gm)).toEqual(["COPY --from=build /out ."]);
    expect(final).toMatch(/^ENTRYPOINT \["bun", /m);
  });

  test("runs as a user that is not root, by number so that Kubernetes can check it", () => {
    expect(final).toMatch(/^USER [1-9][0-9]*:[1-9][0-9]*$/m);
  });

  test("labels the image after all that takes time", () => {
    expect(final.indexOf("LABEL")).toBeGreaterThan(final.indexOf("COPY"));
    for (const name of ["title", "version", "licenses", "base.name"])
      expect(final).toContain(`org.opencontainers.image.${name}=`);
  });
});

test("the builder gets the functions and the files for their installation, and no tests", async () => {
  const lines = (await read(".dockerignore")).trim().split("\n");
  expect(lines[0]).toBe("*");
  expect(lines.filter((line) => line.startsWith("!"))).toEqual(["!package.json", "!bun.lock", "!functions"]);
  expect(lines).toContain("**/*.test.ts");
});
