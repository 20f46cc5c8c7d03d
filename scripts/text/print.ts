import { withInvocation } from "./command-lines.ts";
import { printableStyled } from "./printable.ts";

/** Prints a line for people to standard output. A reader that closes the pipe early, such as `head`, is not an error. */
export function print(text: string): void {
  console.log(printableStyled(withInvocation(text)));
}

/** Prints data to standard output, unchanged. */
export function printRaw(text: string): void {
  console.log(printableStyled(text));
}

/** Prints a message to standard error. (Bun's console.error would colour it red on a terminal.) */
export function printMessage(text: string): void {
  printTo(process.stderr, text);
}

/** Prints a line to a stream. */
export function printTo(stream: { write(text: string): unknown }, text: string): void {
  stream.write(`${printableStyled(withInvocation(text))}\n`);
}
