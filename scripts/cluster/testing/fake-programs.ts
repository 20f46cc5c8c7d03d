import type { Programs, Ran } from "../programs.ts";

/** The result of a fake program: its output, or an exit code and an output. */
export type Answer = string | (Partial<Ran> & { code: number });

/**
 * Programs that only record their calls.
 * @param answers by the beginning of the command line, the longest first; a program without an answer does not exist
 */
export class FakePrograms implements Programs {
  readonly calls: string[] = [];
  readonly #answers: [begin: string, answer: Answer | (() => Answer)][];

  constructor(answers: Readonly<Record<string, Answer | (() => Answer)>>) {
    this.#answers = Object.entries(answers).sort(([a], [b]) => b.length - a.length);
  }

  has(name: string): boolean {
    return this.#answers.some(([begin]) => begin === name || begin.startsWith(`${name} `));
  }

  async run(command: readonly string[], options?: Parameters<Programs["run"]>[1]): Promise<Ran> {
    const line = command.join(" ");
    this.calls.push(line);
    const found = this.#answers.find(([begin]) => line === begin || line.startsWith(`${begin} `))?.[1];
    if (found === undefined) return { code: 127, out: "", err: `${command[0]}: not found` };
    const answer = typeof found === "function" ? found() : found;
    const { code, out = "", err = "" } = typeof answer === "string" ? { code: 0, out: answer } : answer;
    for (const each of out.split("\n")) if (each !== "") options?.onLine?.(each);
    return { code, out, err };
  }
}
