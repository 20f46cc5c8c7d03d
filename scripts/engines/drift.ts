import type { SplitState, SplitTarget } from "../traffic/split/split.ts";
import { LATEST } from "../traffic/kn/flags.ts";
import { sameSplit } from "../traffic/split/diff.ts";
import { FILES_ENGINE } from "./registry.ts";

/** The three sides of a split that should agree. */
export interface DriftSides {
  service: string;
  engine: string;
  /** Whether the engine writes the files themselves. */
  isOfFiles: boolean;
  /** The split of the files. */
  file: readonly SplitTarget[] | undefined;
  /** The split after the last change by this tool. */
  last: readonly SplitTarget[] | undefined;
  live: readonly SplitTarget[] | undefined;
  /** The headers whose buckets decide in the files and live; undefined if each request is drawn. */
  headers?: { file: string | undefined; live: string | undefined };
  changed: SplitState["changed"];
}

/** A difference between the sides, with its likely cause and the commands that resolve it. */
export interface Drift {
  /** One sentence. */
  what: string;
  proposals: { why: string; command: string }[];
}

/** Compares the sides. If live follows the files, an older change by this tool is not drift. */
export function driftOf({
  service,
  engine,
  isOfFiles,
  file,
  last,
  live,
  headers,
  changed,
}: DriftSides): Drift | undefined {
  if (live === undefined) return undefined;
  const isLast = last !== undefined && sameSplit(last, live);
  const isForm = headers?.file === headers?.live;
  const isFile = file !== undefined && sameSplit(file, live) && isForm;
  const by = (header: string | undefined): string =>
    isForm ? "" : ` --by ${header === undefined ? "weights" : `header:${header}`}`;
  if (isFile || (file === undefined && (last === undefined || isLast))) return undefined;
  if (isOfFiles) return notFollowed(service);
  const writer = changed?.by ?? "Someone";
  const proposals: Drift["proposals"] = [];
  if (last !== undefined && !isLast)
    proposals.push({
      why: "to restore the split that this tool set last",
      command: `./kyc split ${service} --engine ${engine} ${trafficFlags(last)}`,
    });
  if (file !== undefined) {
    proposals.push(
      {
        why: "to apply the split in the files",
        command: `./kyc split ${service} --engine ${engine} ${trafficFlags(file)}${by(headers?.file)}`,
      },
      {
        why: "to write the live split into the files",
        command: `./kyc split ${service} --engine ${FILES_ENGINE.name} ${trafficFlags(live)}${by(headers?.live)}`,
      },
    );
  }
  if (isLast)
    return { what: "This tool changed the live split, and the files do not have the change yet.", proposals };
  return { what: `${writer} changed the live split without this tool and without the files.`, proposals };
}

/** The mesh runs with another split than the files: an edit is invalid, or waits for a revision to be ready. */
function notFollowed(service: string): Drift {
  return {
    what: "The running mesh uses another split than the files: an edit is invalid, or its revision is not ready.",
    proposals: [
      {
        why: "to revert the last change",
        command: `./kyc split ${service} --engine ${FILES_ENGINE.name} --undo`,
      },
    ],
  };
}

/** Returns the flags of kn that result in the percents of a split. */
export function trafficFlags(targets: readonly SplitTarget[]): string {
  const parts = targets
    .filter(({ percent }) => percent > 0)
    .map(({ revision, tag, percent, latest }) => `${tag ?? (latest ? LATEST : revision)}=${percent}`);
  return `--traffic ${parts.join(",")}`;
}
