import { EXIT, Failure } from "../../exit.ts";
import { type KnFlags, readInteger, readPair } from "../../traffic/kn/flags.ts";
import { readList } from "../../traffic/kn/list.ts";
import type { EngineFlags } from "../options/engine-options.ts";
import type { OutputFormat } from "../../text/data.ts";

/** The flags of `kyc split`; each of those of kn has the values as they were given. */
export interface SplitFlags extends EngineFlags {
  traffic?: string[];
  tag?: string[];
  untag?: string[];
  undo: boolean;
  dryRun: boolean;
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

/** Whether one of kn's flags was given. */
export function isChange({ traffic, tag, untag }: SplitFlags): boolean {
  return traffic !== undefined || tag !== undefined || untag !== undefined;
}

/** Adds a value of one of kn's flags, each of which may be given several times. */
export function repeated(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/**
 * kn's flags as kn's rules take them: each value is a list with commas.
 * @throws Failure in kn's sentence when a value is no list
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

/** A refusal of kn as a failure: wrong usage where a value is malformed, whatever the split is. */
export function refusalFailure(message: string, flags: SplitFlags): Failure {
  return new Failure(message, isMalformed(knFlagsOf(flags)) ? exitOfMalformed(flags) : EXIT.failed);
}

/** With `--from` the command ends as kn does, which has one exit code for all that it refuses. */
function exitOfMalformed({ from }: SplitFlags): number {
  return from === undefined ? EXIT.usage : EXIT.failed;
}

/** Whether a value is not of the form `REF=PERCENT`, with a percent from 0 to 100, or `REVISION=TAG`. */
function isMalformed({ traffic = [], tags }: KnFlags): boolean {
  return (
    tags.some((text) => "refusal" in readPair(text)) ||
    traffic.some((text) => {
      const pair = readPair(text);
      const percent = "refusal" in pair ? undefined : readInteger(pair.value);
      return percent === undefined || percent < 0n || percent > 100n;
    })
  );
}
