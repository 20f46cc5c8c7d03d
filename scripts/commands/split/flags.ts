import { EXIT, Failure } from "../../exit.ts";
import { BUCKET_PERCENT } from "../../traffic/split/bucket-ranges.ts";
import type { SplitForm } from "../../traffic/split/split.ts";
import { type KnFlags, readFraction, readInteger, readPair } from "../../traffic/kn/flags.ts";
import { readList } from "../../traffic/kn/list.ts";
import type { EngineFlags } from "../options/engine-options.ts";
import type { OutputFormat } from "../../text/data.ts";

/** The flags of `kyc split`; those of kn have their values as given. */
export interface SplitFlags extends EngineFlags {
  traffic?: string[];
  tag?: string[];
  untag?: string[];
  by?: SplitForm;
  undo: boolean;
  dryRun: boolean;
  write: boolean;
  allowMissing: boolean;
  force: boolean;
  from?: string;
  latest?: string;
  /** Milliseconds. */
  observe: number;
  dir: string;
  context?: string;
  namespace: string;
  /** Milliseconds. */
  timeout: number;
  output?: OutputFormat;
}

/** Whether any given flag changes the split. */
export function isChange({ traffic, tag, untag, by }: SplitFlags): boolean {
  return traffic !== undefined || tag !== undefined || untag !== undefined || by !== undefined;
}

/** Reads `--by`. @throws Failure when it is neither form */
export function formOf(value: string): SplitForm {
  if (value === "weights") return { header: undefined };
  const [, header] = /^header:([a-z0-9][a-z0-9_-]*)$/i.exec(value) ?? [];
  if (header === undefined)
    throw new Failure(
      `--by ${value}: weights or header:NAME is expected, such as header:x-bucket`,
      EXIT.usage,
    );
  return { header: header.toLowerCase() };
}

/** Adds a value of one of kn's flags; each flag can be repeated. */
export function repeated(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/**
 * kn's flags as kn parses them: each value is a comma-separated list.
 * @throws Failure with kn's message if a value is not a list
 */
export function knFlagsOf(flags: SplitFlags): KnFlags {
  const itemsOf = (name: "traffic" | "tag" | "untag"): string[] =>
    (flags[name] ?? []).flatMap((value) => {
      const list = readList(`--${name}`, value);
      if ("refusal" in list) throw new Failure(list.refusal, exitOfMalformed(flags));
      return list.items;
    });
  const traffic = flags.traffic === undefined ? undefined : itemsOf("traffic");
  return { traffic, tags: itemsOf("tag"), untags: itemsOf("untag") };
}

/** A refusal of kn as a failure: wrong usage if a value is malformed. */
export function refusalFailure(message: string, flags: SplitFlags): Failure {
  return new Failure(message, isMalformed(knFlagsOf(flags), flags.by) ? exitOfMalformed(flags) : EXIT.failed);
}

/** With `--from` the exit code is that of kn, which is the same for all refusals. */
function exitOfMalformed({ from }: SplitFlags): number {
  return from === undefined ? EXIT.usage : EXIT.failed;
}

/** Whether a value is not of the form `REF=PERCENT`, with a percent from 0 to 100, or `REVISION=TAG`. */
function isMalformed({ traffic = [], tags }: KnFlags, form: SplitForm | undefined): boolean {
  return (
    tags.some((text) => "refusal" in readPair(text)) ||
    traffic.some((text) => {
      const pair = readPair(text);
      if ("refusal" in pair) return true;
      if (form?.header !== undefined) return typeof readFraction(pair.value, BUCKET_PERCENT) !== "number";
      const percent = readInteger(pair.value);
      return percent === undefined || percent < 0n || percent > 100n;
    })
  );
}
