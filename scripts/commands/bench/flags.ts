import { InvalidArgumentError, Option } from "commander";
import { Failure } from "../../exit.ts";
import { printMessage } from "../../text/print.ts";
import { duration } from "../options/option-values.ts";
import { OUTPUT_FORMATS } from "../../text/data.ts";
import { messageOf } from "../../text/message-of.ts";

/** How a benchmark prints its result. */
export function output(): Option {
  return new Option("-o, --output <format>", "the format of the result")
    .choices(["table", ...OUTPUT_FORMATS])
    .default("table");
}

/** Reports the progress of a benchmark. */
export function say(text: string): void {
  printMessage(text);
}

/** Turns an error of a benchmark into a failure. @throws always */
export function asFailure(error: unknown): never {
  throw new Failure(messageOf(error));
}

/** `--for`, in milliseconds. */
export function lasting(what: string, otherwise: string): Option {
  return new Option("--for <time>", what).argParser(duration).default(duration(otherwise), otherwise);
}

/** Parses a whole number within bounds. */
export function wholeFrom(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[0-9]+$/.test(text) && value >= from && value <= to) return value;
    throw new InvalidArgumentError(`A whole number from ${from} to ${to} is expected.`);
  };
}
