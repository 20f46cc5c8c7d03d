import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT } from "../scripts/project.ts";

/**
 * The script `kyc` in temporary projects, with substitutes for bun and npm on the PATH: what it searches, installs and
 * prints. CI does the real installation before any test runs.
 */
let base = "";

beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "kyc way in ")));
});

afterAll(async () => {
  await rm(base, { recursive: true, force: true });
});

const VERSION = "1.4.5";
const TOOLS = [
  "sh",
  "cat",
  "cmp",
  "cp",
  "dirname",
  "find",
  "mkdir",
  "mv",
  "nice",
  "readlink",
  "rm",
  "sleep",
  "touch",
  "chmod",
  "uname",
];

interface Setup {
  /** The version of the `bun` on the PATH; none if undefined. */
  bun?: string;
  /** The behaviour of the npm on the PATH, if there is one. */
  npm?: "works" | "fails";
}

interface Project {
  folder: string;
  run(options?: {
    script?: string;
    cwd?: string;
    args?: string[];
    env?: Readonly<Record<string, string>>;
  }): Promise<{ code: number; out: string; err: string }>;
  /** The calls of the substitutes. */
  calls(): Promise<string[]>;
}

/** A folder with a space in its name that contains `kyc` and its files, and a PATH with only basic tools. */
async function project(name: string, { bun, npm }: Setup): Promise<Project> {
  const folder = join(base, name, "the project");
  const bin = join(base, name, "bin");
  const log = join(base, name, "calls");
  await mkdir(folder, { recursive: true });
  await mkdir(bin, { recursive: true });
  await writeFile(log, "");
  await cp(join(PROJECT, "kyc"), join(folder, "kyc"));
  await copyFile(join(PROJECT, ".bun-version"), join(folder, ".bun-version"));
  await writeFile(join(folder, "bun.lock"), "lock 1");
  await mkdir(join(folder, "functions"));
  await mkdir(join(folder, "scripts"));
  for (const file of ["bunfig.toml", "package.json", "tsconfig.json", "scripts/kyc.ts", "scripts/old.ts"])
    await writeFile(join(folder, file), "");
  for (const tool of TOOLS) await symlink(Bun.which(tool) ?? `/bin/${tool}`, join(bin, tool));
  if (bun !== undefined) await executable(join(bin, "bun"), standInBun(bun, log));
  if (npm !== undefined) await executable(join(bin, "npm"), standInNpm(npm, log));
  return {
    folder,
    async run({ script = join(folder, "kyc"), cwd = "/", args = ["dev"], env = {} } = {}) {
      const child = Bun.spawn([script, ...args], {
        cwd,
        env: { PATH: bin, ...env },
        stdout: "pipe",
        stderr: "pipe",
      });
      const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
      return { code, out, err };
    },
    calls: async () => (await readFile(log, "utf8")).split("\n").filter((line) => line !== ""),
  };
}

function standInBun(version: string, log: string): string {
  return `#!/bin/sh
case $1 in
  --version) echo ${version} ;;
  install) echo "bun $*" >>"${log}"; mkdir -p node_modules ;;
  scripts/release/*) echo "made a program" >>"${log}"; shift; . ./make-program ;;
  *) printf 'ran:'; printf ' [%s]' "$@"; echo " in $PWD" ;;
esac
`;
}

function standInNpm(behaviour: "works" | "fails", log: string): string {
  const installed = '"$3"/node_modules/bun/bin/bun.exe';
  return `#!/bin/sh
echo "npm $1 $(for last; do :; done; echo "$last")" >>"${log}"
${behaviour === "fails" ? 'echo "npm error code ECONNREFUSED" >&2; exit 1' : ""}
mkdir -p "$3"/node_modules/bun/bin
cat >${installed} <<'BUN'
${standInBun(VERSION, log)}BUN
chmod +x ${installed}
`;
}

async function executable(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

describe("kyc", () => {
  test("uses the Bun on PATH when it has the pinned version, and installs the packages once", async () => {
    const it = await project("own bun", { bun: VERSION });
    const first = await it.run({ args: ["dev", "--port", "a b"] });
    expect(first.code).toBe(0);
    expect(first.out).toBe(
      `ran: [--config=${it.folder}/bunfig.toml] [${it.folder}/scripts/kyc.ts] [dev] [--port] [a b] in /\n`,
    );
    expect((await it.run()).code).toBe(0);
    expect(await it.calls()).toEqual(["bun install --frozen-lockfile --no-progress --no-summary"]);
  });

  test("gets the pinned Bun from npm when the one on PATH has another version", async () => {
    const it = await project("old bun", { bun: "1.3.0", npm: "works" });
    const { code, err } = await it.run();
    expect(code).toBe(0);
    expect(err).toContain(`getting Bun ${VERSION} from npm (once)`);
    expect((await it.calls())[0]).toBe(`npm install bun@${VERSION}`);
  });

  test("does not call npm once Bun is installed, and so works without a network", async () => {
    const it = await project("offline", { npm: "works" });
    await it.run();
    const before = await it.calls();
    const { code, err } = await it.run();
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(await it.calls()).toEqual(before);
  });

  test("installs the packages again when the lockfile has changed", async () => {
    const it = await project("changed lock", { bun: VERSION });
    await it.run();
    await writeFile(join(it.folder, "bun.lock"), "lock 2");
    await it.run();
    await it.run();
    expect(await it.calls()).toHaveLength(2);
  });

  test("works from any folder, and through symbolic links, relative ones too", async () => {
    const it = await project("links", { bun: VERSION });
    const elsewhere = join(base, "some where");
    await mkdir(elsewhere);
    await symlink(join(it.folder, "kyc"), join(elsewhere, "absolute"));
    await symlink("../links/the project/kyc", join(elsewhere, "relative"));
    await symlink("relative", join(elsewhere, "twice"));
    for (const link of ["absolute", "relative", "twice"]) {
      const { out } = await it.run({ script: join(elsewhere, link), cwd: elsewhere });
      expect(out).toContain(`[${it.folder}/scripts/kyc.ts] [dev] in ${elsewhere}`);
    }
  });

  test("names what is missing if neither Bun nor npm is there", async () => {
    const it = await project("nothing", {});
    const { code, out, err } = await it.run();
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toBe(
      `kyc: Bun ${VERSION} is needed, or npm to get it, and neither was found.\n` +
        `kyc: Install Node.js with npm (https://nodejs.org) or Bun ${VERSION} (https://bun.com), then run this command again.\n`,
    );
  });

  test("a failed download leaves no files that a later run would mistake for Bun", async () => {
    const it = await project("failed", { npm: "fails" });
    const first = await it.run();
    expect(first.code).toBe(1);
    expect(first.err).toContain("ECONNREFUSED");
    expect(first.err).toContain("Check the network");
    await executable(join(base, "failed/bin/npm"), standInNpm("works", join(base, "failed/calls")));
    expect((await it.run()).code).toBe(0);
  });

  test("two concurrent first runs install once, and both work", async () => {
    const it = await project("twice", { npm: "works" });
    const runs = await Promise.all([it.run(), it.run(), it.run()]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await it.calls()).toHaveLength(2);
  });

  test("a run that was killed during the installation does not block the next one", async () => {
    const it = await project("killed", { npm: "works" });
    const dead = Bun.spawn(["true"]);
    await dead.exited;
    await mkdir(join(it.folder, ".kyc/lock"), { recursive: true });
    await writeFile(join(it.folder, ".kyc/lock/pid"), String(dead.pid));
    expect((await it.run()).code).toBe(0);
  });
});

describe("the compiled program", () => {
  /** A project whose program prints its name and arguments. */
  async function compiling(
    name: string,
    body = WORKS,
  ): Promise<Project & { made(count: number): Promise<void> }> {
    const it = await project(name, { bun: VERSION });
    await it.run();
    await writeFile(join(it.folder, "make-program"), body);
    const made = async (): Promise<number> =>
      (await it.calls()).filter((call) => call === "made a program").length;
    return {
      ...it,
      // It is built in the background.
      async made(count) {
        while ((await made()) < count || !(await exists(join(it.folder, ".kyc/made")))) await Bun.sleep(2);
        await rm(join(it.folder, ".kyc/made"));
        expect(await made()).toBe(count);
      },
    };
  }

  const WORKS = `cat >"$1" <<'PROGRAM'
#!/bin/sh
printf "program of $KYC_CALLED_AS:"; printf ' [%s]' "$@"; echo " in $PWD"
PROGRAM
chmod +x "$1"
touch .kyc/made
`;
  const exists = (path: string): Promise<boolean> => Bun.file(path).exists();

  test("is built in the background, and replaces the sources", async () => {
    const it = await compiling("program");
    const first = await it.run({ args: ["lint", "a b"] });
    expect(first.out).toEndWith("/scripts/kyc.ts] [lint] [a b] in /\n");
    await it.made(1);
    const { code, out, err } = await it.run({ args: ["lint", "a b"] });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toBe(`program of ${it.folder}/kyc: [lint] [a b] in /\n`);
    expect((await it.run({ args: [] })).out).toStartWith("program of");
    expect(await it.calls()).toHaveLength(2);
  });

  test("runs no command that runs files of the folder, and none if KYC_FROM_SOURCES is set", async () => {
    const it = await compiling("not in the program");
    for (const args of [["dev"], ["e2e"], ["bench", "judge"], ["deploy"], ["a-mistyped-one"]])
      expect((await it.run({ args })).out).toStartWith("ran:");
    const env = { KYC_FROM_SOURCES: "1" };
    await it.run({ args: ["lint"], env });
    expect(await it.calls()).toHaveLength(1);
    await it.run({ args: ["lint"] });
    await it.made(1);
    expect((await it.run({ args: ["dev"] })).out).toStartWith("ran:");
    expect((await it.run({ args: ["lint"], env })).out).toStartWith("ran:");
  });

  test.each([
    ["is changed", (folder: string) => writeFile(join(folder, "scripts/kyc.ts"), "changed")],
    ["is removed", (folder: string) => rm(join(folder, "scripts/old.ts"))],
    [
      "is replaced by an older one",
      async (folder: string) => {
        await writeFile(join(folder, "scripts/new.ts"), "");
        await utimes(join(folder, "scripts/new.ts"), 0, 0);
        await rename(join(folder, "scripts/new.ts"), join(folder, "scripts/old.ts"));
      },
    ],
    ["is a package", (folder: string) => writeFile(join(folder, "package.json"), "{}")],
  ])("is rebuilt when a source %s", async (how, change) => {
    const it = await compiling(how);
    await it.run({ args: ["lint"] });
    await it.made(1);
    await change(it.folder);
    expect((await it.run({ args: ["lint"] })).out).toStartWith("ran:");
    await it.made(2);
    expect((await it.run({ args: ["lint"] })).out).toStartWith("program of");
  });

  test("is not rebuilt after a failure until a source has changed", async () => {
    const it = await compiling("broken", ': >"$1"; touch .kyc/made');
    await it.run({ args: ["lint"] });
    await it.made(1);
    for (let i = 0; i < 3; i++) expect((await it.run({ args: ["lint"] })).out).toStartWith("ran:");
    await writeFile(join(it.folder, "scripts/kyc.ts"), "repaired");
    await it.run({ args: ["lint"] });
    await it.made(2);
  });

  test("is built before all tests, which get its path", async () => {
    const it = await compiling("tests");
    const { out } = await it.run({ args: ["test"] });
    expect(out).toEndWith(`[test] in /\n`);
    await it.made(1);
    await it.run({ args: ["test"] });
    expect(await it.calls()).toHaveLength(2);
  });

  test("is optional: a command works if it cannot be written", async () => {
    const it = await compiling("no folder");
    await rm(join(it.folder, ".kyc"), { recursive: true });
    await writeFile(join(it.folder, ".kyc"), "");
    const { code, out, err } = await it.run({ args: ["lint"] });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toStartWith("ran:");
  });
});
