import { join, resolve } from "node:path";
import { stat } from "node:fs/promises";
import Type, { type Static } from "typebox";
import { CODES, type Code } from "../../manifests/codes/codes.ts";
import { DEV_FILE } from "../../manifests/folders.ts";
import type { FieldPath, ManifestDocument } from "../../manifests/document.ts";
import { formatPath, type Problem } from "../../manifests/problem.ts";
import type { FileDocuments } from "../../manifests/file-documents.ts";
import { validate } from "../../manifests/validate.ts";
import { type FieldNotes, strict } from "../../schema/schema.ts";

const Text = Type.String({ minLength: 1 });
const Port = Type.Integer({ minimum: 1, maximum: 65535 });
const Path = Type.String({ pattern: "^/", expected: "a path that begins with /" } satisfies FieldNotes & {
  pattern: string;
});

const Program = strict(
  {
    command: Type.Array(Type.String(), {
      minItems: 1,
      description: "The program and its arguments. $(PORT) is replaced by the port that it must listen on.",
    }),
    cwd: Type.Optional(
      Type.String({
        minLength: 1,
        description: "Its working directory, relative to the folder of this file. Default: that folder.",
      }),
    ),
    port: Type.Optional(
      Type.Integer({
        ...Port,
        description:
          "The port that it listens on where it does not follow PORT. Only one process can run then, of one revision.",
      }),
    ),
    env: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: "More variables of its environment; these go before those of the manifest.",
      }),
    ),
  },
  { description: "How the container of an image runs on this machine, as a process." },
);

/** `dev.yaml`: how `dev` runs images other than the functions of this folder, and the requests that it suggests. */
export const DevFile = strict(
  {
    images: Type.Optional(
      Type.Record(Text, Program, {
        description: "By image: the name with its tag, or else the name without tag and digest.",
      }),
    ),
    certificates: Type.Optional(
      Type.Record(
        Text,
        strict({
          cert: Type.String({ minLength: 1, description: "Its file in PEM, with those that signed it." }),
          key: Type.String({ minLength: 1, description: "The file of its key in PEM." }),
        }),
        {
          description:
            "Certificates by the credentialName of Gateways. One that is not named here is that of a Secret in the folder, or is made.",
        },
      ),
    ),
    functions: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "The folder of functions, where the images without an entry are looked for, relative to the folder of this file. Default: functions.",
      }),
    ),
    links: Type.Optional(
      Type.Record(Text, Path, {
        description: "Pages of the system, by title: paths at the ingress gateway.",
      }),
    ),
    try: Type.Optional(
      Type.Array(
        strict({
          path: Path,
          headers: Type.Optional(Type.Record(Text, Type.String())),
          host: Type.Optional(
            Type.String({
              minLength: 1,
              description: "A cluster-local host. Without one the request goes to the ingress gateway.",
            }),
          ),
        }),
        { description: "Requests that dev shows as commands to try." },
      ),
    ),
  },
  { title: "kyc dev.yaml", description: "How kyc dev runs the images of a folder on this machine." },
);
export type DevFile = Static<typeof DevFile>;

/** How an image runs: a command that was found. */
export interface LocalProgram {
  command: string[];
  cwd: string;
  /** The port that it listens on, if that is fixed. */
  port: number | undefined;
  env: Readonly<Record<string, string>>;
}

/** The content of `dev.yaml`; empty if there is none. */
export interface DevConfig {
  file: DevFile;
  /** By image, with or without its tag. Entries with problems are left out. */
  programs: ReadonlyMap<string, LocalProgram>;
  /** The folder of functions, if the file names one. */
  functions?: string | undefined;
  problems: Problem[];
}

/** Reads `dev.yaml` of a folder. @param open reads and parses it; undefined if there is none */
export async function readDevConfig(
  root: string,
  open: (path: string, file: string) => Promise<FileDocuments>,
): Promise<DevConfig> {
  const none: DevConfig = { file: {}, programs: new Map(), problems: [] };
  const parsed = await open(join(root, DEV_FILE), DEV_FILE);
  if (parsed === undefined) return none;
  const problems = [...parsed.problems];
  const [document] = parsed.documents;
  if (document === undefined) return { ...none, problems };
  const { value, problems: invalid } = validate(DevFile, document);
  problems.push(...invalid);
  if (value === undefined) return { ...none, problems };
  const programs = new Map<string, LocalProgram>();
  for (const [image, program] of Object.entries(value.images ?? {})) {
    const { command, port, env = {} } = program;
    const cwd = resolve(root, program.cwd ?? ".");
    const [name = ""] = command;
    const at = (path: FieldPath, code: Code, message: string, fix: string): void => {
      problems.push(problemIn(document, ["images", image, ...path], { code, message, fix }));
    };
    if (!(await isFolder(cwd)))
      at(["cwd"], "program-missing", `there is no folder ${cwd}`, "correct the path");
    else if (!(await isProgram(name, cwd)))
      at(["command", 0], "program-missing", `${name} is no program here`, "install it, or correct the name");
    programs.set(image, { command, cwd, port, env });
  }
  const functions = value.functions === undefined ? undefined : resolve(root, value.functions);
  if (functions !== undefined && !(await isFolder(functions))) {
    const [message, fix] = [`there is no folder ${functions}`, "correct the path"];
    problems.push(problemIn(document, ["functions"], { code: "program-missing", message, fix }));
  }
  return { file: value, programs, functions, problems };
}

/** Returns the program of an image: by its whole name first, then without tag and digest. */
export function programOf(image: string, { programs }: DevConfig): LocalProgram | undefined {
  return programs.get(image) ?? programs.get(withoutTag(image));
}

/** Returns `shop/web` for `shop/web:1` and `shop/web@sha256:…`, and keeps a registry's port. */
export function withoutTag(image: string): string {
  return image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

async function isProgram(name: string, cwd: string): Promise<boolean> {
  if (!name.includes("/")) return Bun.which(name) !== null;
  return (await stat(resolve(cwd, name)).catch(() => undefined))?.isFile() === true;
}

function problemIn(
  document: ManifestDocument,
  path: FieldPath,
  { code, message, fix }: { code: Code; message: string; fix: string },
): Problem {
  const { severity } = CODES[code];
  return { code, severity, at: document.at(path), field: formatPath(path), message, fix };
}
