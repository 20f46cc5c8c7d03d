import { createInterface } from "node:readline/promises";
import { EXIT } from "../../exit.ts";
import { printMessage } from "../../text/print.ts";
import type { Request } from "../../rollout/journal/journal.ts";
import type { Command } from "../../rollout/machine/state.ts";

/** Callbacks before and after a question at the terminal. */
export interface Screen {
  leave(): void;
  goOn(): void;
}

const ANSWERS: Readonly<Record<string, Command>> = { h: "hold", r: "abort", b: "abort" };

/**
 * The commands of the user at this terminal. Ctrl-C asks whether to hold, roll back or continue; without a terminal, and
 * on another signal, it rolls back. A second Ctrl-C at the question, or a second signal during the rollback, ends the
 * process; the journal remains.
 */
export class Interrupts {
  readonly #who: string;
  readonly #beginning = new AbortController();
  readonly #stops: (() => void)[] = [];
  #wanted: Command | undefined;
  #why = "";
  #asking = false;
  /** Whether a signal has started a rollback. */
  #leaving = false;
  #screen: Screen | undefined;

  constructor(who: string) {
    this.#who = who;
    // A closed terminal or pipe must not end a rollback.
    const ignore = (): void => {};
    for (const stream of [process.stdout, process.stderr]) {
      stream.on("error", ignore);
      this.#stops.push(() => stream.off("error", ignore));
    }
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      const handle = (): void => void this.#on(signal);
      process.on(signal, handle);
      this.#stops.push(() => process.off(signal, handle));
    }
  }

  /** Aborted by an interruption before the rollout began. */
  get signal(): AbortSignal {
    return this.#beginning.signal;
  }

  /** Directs interruptions to the rollout on this screen from now on. */
  during(screen: Screen, wanted: Command | undefined, why: string): void {
    this.#screen = screen;
    this.#wanted = wanted;
    this.#why = why;
  }

  /** Takes the command, once. */
  take(overwrite: boolean): Omit<Request, "atMs"> | undefined {
    const command = this.#wanted;
    this.#wanted = undefined;
    return command && { command, by: this.#who, why: this.#why, overwrite };
  }

  end(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  async #on(signal: NodeJS.Signals): Promise<void> {
    if (this.#screen === undefined) return this.#beginning.abort();
    if (this.#asking) process.exit(EXIT.interrupted);
    // The pod is moved to another node: the next one continues from the journal.
    if (process.env["KYC_ROLLOUT_JOB"] !== undefined) process.exit(143);
    // The rollback may never be confirmed if the mesh or cluster is gone.
    if (this.#leaving) {
      this.#screen.leave();
      printMessage(
        `Ended by a second ${signal}, before the rollback was confirmed. The journal remains: show it with --status, continue with --resume.`,
      );
      process.exit(EXIT.interrupted);
    }
    this.#why = `signal ${signal}`;
    // The question needs a terminal for both standard error and standard input.
    if (signal !== "SIGINT" || !process.stdin.isTTY || !process.stderr.isTTY) {
      this.#wanted = "abort";
      this.#leaving = true;
      return;
    }
    this.#asking = true;
    this.#screen.leave();
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    lines.on("SIGINT", () => process.exit(EXIT.interrupted));
    const answer = await lines.question("\nHold here [h], roll back [r], or go on [Enter]? ");
    lines.close();
    this.#screen.goOn();
    this.#asking = false;
    this.#wanted = ANSWERS[answer.trim().toLowerCase().slice(0, 1)];
    this.#why = "Ctrl-C";
  }
}
