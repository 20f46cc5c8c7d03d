import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { chmod, copyFile, cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import Type from "typebox";
import { Parse } from "typebox/value";
import { kyc, type RunningDev, startDev } from "../scripts/commands/testing/kyc-process.ts";
import { readManifests } from "../scripts/manifests/read.ts";
import { PROJECT } from "../scripts/project.ts";
import { cloneRepository } from "./clone.ts";
import { FOLDERS, SAMPLE } from "./sample.ts";

const paths = ["*.md", "docs/**/*.md"].flatMap((pattern) => [...new Bun.Glob(pattern).scanSync(PROJECT)]);
const documents = await Promise.all(
  paths.sort().map(async (path) => ({ path, text: await readFile(join(PROJECT, path), "utf8") })),
);
const readme = documents.find(({ path }) => path === "README.md")?.text ?? "";

/** The commands of a document's shell blocks. */
const commandsOf = (text: string): string[] =>
  [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) => block.trim().split("\n"));

// The README's commands come first, in order, because some depend on earlier ones.
const commands = [...new Set([readme, ...documents.map(({ text }) => text)].flatMap(commandsOf))];

/** CI has no cluster and no program that creates one: these replace the programs that a user has installed. */
const STAND_INS: Readonly<Record<string, string>> = {
  kubectl: 'echo "kubectl $*"',
  minikube: `echo '{"invalid":[],"valid":[]}'`,
  istioctl: "echo 'client version: 1.30.0'",
  docker: "exit 0",
};

/** Commands that wait for requests, take minutes, or need a cluster that CI does not have; their own tests run them. */
const NOT_RUN = [
  "dev",
  "up",
  "down",
  "deploy",
  "verify",
  "status",
  "logs",
  "e2e",
  "rollout",
  "shadow",
  "bench",
];

function isTest(command: string): boolean {
  return command.startsWith("./kyc test");
}

function isDry(command: string): boolean {
  return /^\.\/kyc (up|down) .*--dry-run/.test(command);
}

interface Finished {
  code: number;
  out: string;
}

const Kustomization = Type.Object({ resources: Type.Array(Type.String()) });

const finished = new Map<string, Promise<Finished>>();
let copy: Awaited<ReturnType<typeof cloneRepository>>;
let clone = "";
let dev: RunningDev;
let path: string | undefined;
const { KYC_PROGRAM } = process.env;

beforeAll(async () => {
  copy = await cloneRepository();
  clone = copy.root;
  // The result of commands such as `equal` depends on the user's own percents, so they run on the sample.
  for (const folder of FOLDERS) {
    await rm(join(clone, folder), { recursive: true });
    await cp(join(SAMPLE, folder), join(clone, folder), { recursive: true });
  }
  await cp(join(PROJECT, "bun.lock"), join(PROJECT, "node_modules/.installed.lock"));
  await mkdir(join(clone, "bin"));
  await symlink(process.execPath, join(clone, "bin/bun"));
  for (const [name, script] of Object.entries(STAND_INS)) {
    await writeFile(join(clone, "bin", name), `#!/bin/sh\n${script}\n`);
    await chmod(join(clone, "bin", name), 0o755);
  }
  // `./kyc` starts the program of these sources, or the sources themselves without making one.
  if (KYC_PROGRAM !== undefined) {
    await mkdir(join(clone, ".kyc"), { recursive: true });
    await copyFile(KYC_PROGRAM, join(clone, ".kyc", basename(KYC_PROGRAM)));
  } else process.env["KYC_FROM_SOURCES"] = "1";
  path = process.env["PATH"];
  process.env["PATH"] = `${join(clone, "bin")}:${path}`;
  dev = await startDev(["--dir", clone], [join(clone, "kyc")]);
});

afterAll(async () => {
  process.env["PATH"] = path;
  delete process.env["KYC_FROM_SOURCES"];
  await dev[Symbol.asyncDispose]();
  await copy[Symbol.asyncDispose]();
});

describe("the documents", () => {
  test("show commands", () => {
    expect(commandsOf(readme).length).toBeGreaterThan(12);
    expect(commands.length).toBeGreaterThan(40);
    expect(commands.slice(0, 1)).toEqual(["./kyc dev"]);
  });

  test("include a README of at most 200 lines", () => {
    expect(readme.split("\n").length).toBeLessThanOrEqual(200);
  });

  test("list exactly the existing folders in docs/architecture.md", async () => {
    const architecture = documents.find(({ path }) => path === "docs/architecture.md")?.text ?? "";
    const told = [...architecture.matchAll(/^\| (.*?) +\|/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`([a-z0-9/-]+\/)`/g)].map(([, folder = ""]) => folder),
    );
    const files = [...new Bun.Glob("{scripts,functions}/*/**/*.ts").scanSync(PROJECT)];
    const folders = new Set(files.map((file) => `${file.split("/").slice(0, 2).join("/")}/`));
    expect([...folders].filter((folder) => !told.includes(folder))).toEqual([]);
    expect(told.filter((folder) => !existsSync(join(PROJECT, folder)))).toEqual([]);
  });

  test.each(commands)("run: %s", async (command) => {
    if (command.startsWith("curl")) return expectAnswer(command);
    if (command.startsWith("kubectl")) return expectFiles(command);
    // `dev` runs in the background of these tests, `test` runs them, and others need a cluster: for these, only `--help` is
    // run, and the options are checked.
    const isTried =
      new RegExp(`^([A-Z_]+=\\S+ )?\\./kyc (${NOT_RUN.join("|")})( |$)|^bun test/`).test(command) &&
      !isDry(command);
    const line = command
      .replace(/^\.\/kyc test\b.*/, "./kyc test scripts/nearest")
      .replace(/--for \d+m/, "--for 2s");
    const { code, out } = await (isTried ? helpOf(command) : isTest(line) ? once(line) : shell(line));
    expect(code).toBe(0);
    if (isTried) for (const [option] of command.matchAll(/--[a-z-]+/g)) expect(out).toContain(option);
    if (isTest(line)) expect(out).toMatch(/\n[1-9][0-9]* passed, 0 failed\n$/);
  });

  test("link to existing files", async () => {
    const missing: string[] = [];
    for (const { path: document, text } of documents) {
      for (const [, path = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
        const target = join(PROJECT, dirname(document), path);
        if (!existsSync(target)) missing.push(`${document}: ${path}`);
      }
    }
    expect(missing).toEqual([]);
  });
});

/** The help of the command before its options; most commands are shown with several. */
function helpOf(command: string): Promise<Finished> {
  const [words = command] = command.split(" -");
  const own = /^\.\/kyc ([a-z0-9 -]+)$/.exec(words)?.[1];
  return own === undefined ? once(`${words} --help`) : kyc(...own.split(" "), "--help");
}

/** The output of a command line that several documented commands share; it runs once. */
function once(line: string): Promise<Finished> {
  const known = finished.get(line) ?? shell(line);
  finished.set(line, known);
  return known;
}

/** Replaces the default ports in a command with the free ones on which the system runs here. */
async function expectAnswer(command: string): Promise<void> {
  const here = command
    .replace("127.0.0.1:8080", new URL(dev.ingress).host)
    .replace(":8081", `:${new URL(dev.local).port}`);
  const { code, out } = await shell(`${here} --silent --show-error --fail`);
  expect(code).toBe(0);
  expect(out).not.toBe("");
}

/** A substitute for kubectl, because CI has no cluster: it checks that the files exist and are valid. */
async function expectFiles(command: string): Promise<void> {
  const { code } = await shell(command);
  expect(code).toBe(0);
  for (const [, flag, path = ""] of command.matchAll(/ -([fk]) (\S+)/g)) {
    const folder = flag === "k" ? path : dirname(path);
    if (![...FOLDERS, "next"].includes(folder.split("/")[0] ?? "")) {
      // The local mesh does not read it.
      const { resources } = Parse(
        Kustomization,
        Bun.YAML.parse(await readFile(join(clone, path, "kustomization.yaml"), "utf8")),
      );
      expect(resources.filter((name) => !existsSync(join(clone, path, name)))).toEqual([]);
      continue;
    }
    const { problems, resources } = await readManifests(clone, [folder]);
    expect(problems).toEqual([]);
    expect(Object.values(resources).flat().length).toBeGreaterThan(0);
    expect(await Bun.file(join(clone, flag === "k" ? `${path}/kustomization.yaml` : path)).exists()).toBe(
      true,
    );
  }
}

async function shell(line: string): Promise<Finished> {
  const env = { ...process.env, NO_COLOR: "1", KUBECONFIG: join(clone, "no-kubeconfig") };
  const child = Bun.spawn(["sh", "-c", line], { cwd: clone, env, stdout: "pipe", stderr: "inherit" });
  const [out, code] = await Promise.all([child.stdout.text(), child.exited]);
  return { code, out };
}
