import { expect, test } from "bun:test";
import { ImageLines } from "./image-lines.ts";
import { PLAIN } from "../style.ts";
import { FakeTerminal } from "../fake-terminal.ts";

test("each image has a line; its builder's output is shown only on a terminal", () => {
  for (const live of [true, false]) {
    const terminal = new FakeTerminal(live);
    const lines = new ImageLines(terminal as unknown as NodeJS.WriteStream, {
      live,
      intervalMs: 0,
      style: PLAIN,
    });
    lines.show("a", "building", "STEP 1");
    lines.show("b", "on every node already");
    lines.show("a", "built");
    lines.end();
    if (live) expect(terminal.screen).toEqual(["a: built", "b: on every node already"]);
    else expect(terminal.text).toBe("a: building\nb: on every node already\na: built\n");
    expect(terminal.text.includes("STEP 1")).toBe(live);
  }
});
