import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT } from "../scripts/project.ts";

/**
 * The script `kyc` in projects of its own, with stand-ins for bun and npm on PATH: what it looks for, what it
 * installs and when, and what it says. The real installation is what CI does before any test runs.
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
  "mkdir",
  "mv",
  "readlink",
  "rm",
  "sleep",
  "touch",
  "chmod",
];

interface Setup {
  /** The version that a `bun` on PATH reports; none when undefined. */
  bun?: string;
  /** Whether there is an npm on PATH, and what it does. */
  npm?: "works" | "fails";
}

interface Project {
  folder: string;
  run(options?: {
    script?: string;
    cwd?: string;
    args?: string[];
  }): Promise<{ code: number; out: string; err: string }>;
  /** What the stand-ins were asked to do. */
  calls(): Promise<string[]>;
}

/** A folder with a space in its name that holds `kyc` and what it reads, and a PATH with nothing else but basic tools. */
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
  await writeFile(join(folder, "bunfig.toml"), "");
  for (const tool of TOOLS) await symlink(Bun.which(tool) ?? `/bin/${tool}`, join(bin, tool));
  if (bun !== undefined) await executable(join(bin, "bun"), standInBun(bun, log));
  if (npm !== undefined) await executable(join(bin, "npm"), standInNpm(npm, log));
  return {
    folder,
    async run({ script = join(folder, "kyc"), cwd = "/", args = [] } = {}) {
      const child = Bun.spawn([script, ...args], { cwd, env: { PATH: bin }, stdout: "pipe", stderr: "pipe" });
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

  test("once installed it asks npm no more, so that it works without a network", async () => {
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
      expect(out).toContain(`[${it.folder}/scripts/kyc.ts] in ${elsewhere}`);
    }
  });

  test("names what is missing where neither Bun nor npm is there", async () => {
    const it = await project("nothing", {});
    const { code, out, err } = await it.run();
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toBe(
      `kyc: Bun ${VERSION} is needed, or npm to get it, and neither was found.\n` +
        `kyc: Install Node.js with npm (https://nodejs.org) or Bun ${VERSION} (https://bun.com), then run this command again.\n`,
    );
  });

  test("a download that failed leaves nothing behind that a later run would take for Bun", async () => {
    const it = await project("failed", { npm: "fails" });
    const first = await it.run();
    expect(first.code).toBe(1);
    expect(first.err).toContain("ECONNREFUSED");
    expect(first.err).toContain("Check the network");
    await executable(join(base, "failed/bin/npm"), standInNpm("works", join(base, "failed/calls")));
    expect((await it.run()).code).toBe(0);
  });

  test("two first runs at once install once, and both work", async () => {
    const it = await project("twice", { npm: "works" });
    const runs = await Promise.all([it.run(), it.run(), it.run()]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await it.calls()).toHaveLength(2);
  });

  test("a run that was killed while it installed does not keep the next one waiting", async () => {
    const it = await project("killed", { npm: "works" });
    const dead = Bun.spawn(["true"]);
    await dead.exited;
    await mkdir(join(it.folder, ".kyc/lock"), { recursive: true });
    await writeFile(join(it.folder, ".kyc/lock/pid"), String(dead.pid));
    expect((await it.run()).code).toBe(0);
  });
});
