import { describe, expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { ask } from "./ask.ts";

function answered(text: string, isTTY = true): Promise<boolean | undefined> {
  const input = Object.assign(new PassThrough(), { isTTY });
  input.write(text);
  return ask("Go on?", { input, output: new PassThrough() });
}

describe("a question", () => {
  test.each([
    ["y\n", true],
    ["yes\n", true],
    [" Y \n", true],
    ["\n", false],
    ["n\n", false],
    ["yesterday\n", false],
  ])("answered by %j is %p", async (text, expected) => {
    expect(await answered(text)).toBe(expected);
  });

  test("is not asked without a terminal", async () => {
    expect(await answered("y\n", false)).toBeUndefined();
  });

  test("ends when the user ends the command, which is not a no", async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const controller = new AbortController();
    const asking = ask("Go on?", { input, output: new PassThrough(), signal: controller.signal });
    controller.abort();
    const error: unknown = await asking.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "AbortError" });
  });

  test("is written with its default answer", async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const output = new PassThrough();
    input.write("\n");
    await ask("Go on?", { input, output });
    expect(String(output.read())).toContain("Go on? [y/N] ");
  });
});
