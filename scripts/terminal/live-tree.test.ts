import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isLive, LiveTree } from "./live-tree.ts";
import { FakeClock, FakeTerminal } from "./fake-terminal.ts";

const UP = "\u001b[2A";

function onTerminal(): { terminal: FakeTerminal; clock: FakeClock; tree: LiveTree } {
  const terminal = new FakeTerminal();
  const clock = new FakeClock();
  return { terminal, clock, tree: new LiveTree({ stream: terminal, clock, live: true }) };
}

describe("on a terminal", () => {
  test("lines are repainted in place", () => {
    const { terminal, clock, tree } = onTerminal();
    terminal.write("before\n");
    tree.update(["a: waiting", "b: waiting"]);
    clock.pass(1_000);
    tree.update(["a: ready"]);
    expect(terminal.screen).toEqual(["before", "a: ready"]);
    expect(terminal.text).toContain(UP);
    expect(terminal.text).not.toContain("\u001b[2J");
  });

  test("nothing is repainted sooner than the interval, and the last state is not lost", () => {
    const { terminal, clock, tree } = onTerminal();
    for (let i = 0; i <= 100; i++) {
      tree.update([`at ${i}`]);
      clock.pass(10);
    }
    expect(terminal.written.length).toBeLessThanOrEqual(6);
    clock.pass(200);
    expect(terminal.screen).toEqual(["at 100"]);
  });

  test("unchanged lines are not repainted", () => {
    const { terminal, clock, tree } = onTerminal();
    tree.update(["a"]);
    clock.pass(1_000);
    tree.update(["a"]);
    expect(terminal.written).toHaveLength(1);
  });

  test("a temporary note follows the text", () => {
    const { terminal, tree } = onTerminal();
    tree.update([{ text: "a: pulling", passing: "(3 s)" }]);
    expect(terminal.screen).toEqual(["a: pulling (3 s)"]);
  });

  test("a text of several lines takes several lines", () => {
    const { terminal, clock, tree } = onTerminal();
    tree.update(["first\nsecond"]);
    clock.pass(1_000);
    tree.update(["third"]);
    expect(terminal.screen).toEqual(["third"]);
  });

  test("long lines are truncated to the width, with markup closed; the end shows them in full", () => {
    const { terminal, tree } = onTerminal();
    terminal.columns = 10;
    tree.update(["\u001b[31m0123456789012345\u001b[39m"]);
    expect(terminal.screen).toEqual(["01234567…"]);
    expect(terminal.text).toContain("\u001b[39m");
    terminal.columns = 80;
    tree.end();
    expect(terminal.screen).toEqual(["0123456789012345"]);
  });

  test("lines beyond the terminal's height are counted, and all are shown at the end", () => {
    const { terminal, tree } = onTerminal();
    terminal.rows = 4;
    tree.update(["1", "2", "3", "4", "5"]);
    expect(terminal.screen).toEqual(["1", "2", "… 3 more lines"]);
    tree.end();
    expect(terminal.screen).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("a narrowed terminal is repainted from the right line", () => {
    const { terminal, clock, tree } = onTerminal();
    tree.update(["0123456789", "b"]);
    clock.pass(1_000);
    terminal.columns = 6;
    tree.update(["new"]);
    // Ten letters on six columns take two lines.
    expect(terminal.written.at(-1)).toStartWith("\r\u001b[3A");
  });

  test("a terminal of unknown size is treated as 80 by 24", () => {
    const { terminal, clock, tree } = onTerminal();
    terminal.columns = 0;
    terminal.rows = 0;
    tree.update(["a".repeat(100), "b"]);
    clock.pass(1_000);
    tree.update(["c"]);
    expect(terminal.screen).toEqual(["c"]);
  });

  test("messages stay above", () => {
    const { terminal, clock, tree } = onTerminal();
    tree.update(["a: 1", "b: 1"]);
    tree.say("a warning");
    clock.pass(1_000);
    tree.update(["a: 2", "b: 2"]);
    tree.end();
    tree.say("the end");
    expect(terminal.screen).toEqual(["a warning", "a: 2", "b: 2", "the end"]);
  });

  test("a picture that was left stays, and the next one begins below later output", () => {
    const { terminal, clock, tree } = onTerminal();
    tree.update(["a: 1"]);
    tree.update(["a: 2"]);
    tree.leave();
    terminal.write("Go on? ");
    clock.pass(1_000);
    tree.update(["a: 2"]);
    terminal.write("y\n");
    clock.pass(1_000);
    tree.update(["a: 3"]);
    tree.end();
    expect(terminal.screen).toEqual(["a: 2", "Go on? y", "a: 3"]);
  });

  test("after the end nothing is painted", () => {
    const { terminal, clock, tree } = onTerminal();
    tree.update(["a"]);
    tree.update(["b"]);
    tree.end();
    const { length } = terminal.written;
    tree.update(["c"]);
    tree.end();
    clock.pass(1_000);
    expect(terminal.written).toHaveLength(length);
    expect(terminal.screen).toEqual(["b"]);
  });

  test("for any order of calls, the screen ends with the messages and the last lines", () => {
    const call = fc.oneof(
      fc.record({ lines: fc.array(fc.constantFrom("a", "bb", "ccc", "d d"), { maxLength: 5 }) }),
      fc.record({ say: fc.constantFrom("x", "yy") }),
      fc.record({ pass: fc.integer({ min: 0, max: 400 }) }),
    );
    fc.assert(
      fc.property(fc.array(call, { maxLength: 30 }), (calls) => {
        const { terminal, clock, tree } = onTerminal();
        const said: string[] = [];
        let last: string[] = [];
        for (const each of calls) {
          if ("lines" in each) tree.update((last = each.lines));
          else if ("pass" in each) clock.pass(each.pass);
          else {
            said.push(each.say);
            tree.say(each.say);
          }
        }
        tree.end();
        expect(terminal.screen).toEqual([...said, ...last]);
      }),
    );
  });
});

describe("elsewhere", () => {
  test("each new line is written once, without cursor movements and temporary notes", () => {
    const terminal = new FakeTerminal(false);
    const tree = new LiveTree({ stream: terminal });
    tree.update(["a: waiting", { text: "b: waiting", passing: "(1 s)" }]);
    tree.update(["a: waiting", { text: "b: waiting", passing: "(2 s)" }]);
    tree.say("a warning");
    tree.update(["a: ready", { text: "b: waiting", passing: "(3 s)" }]);
    tree.end();
    expect(terminal.text).toBe("a: waiting\nb: waiting\na warning\na: ready\n");
  });

  test("CI and dumb terminals are not repainted", () => {
    const terminal = new FakeTerminal();
    expect(isLive(terminal, { TERM: "xterm" })).toBe(true);
    expect(isLive(terminal, { TERM: "dumb" })).toBe(false);
    expect(isLive(terminal, { CI: "true" })).toBe(false);
    expect(isLive(terminal, { CI: "false" })).toBe(true);
    expect(isLive(new FakeTerminal(false), {})).toBe(false);
  });
});

test("a scheduled repaint does not keep the process alive", async () => {
  const script = `
    const { LiveTree } = await import(${JSON.stringify(new URL("live-tree.ts", import.meta.url).pathname)});
    const tree = new LiveTree({ stream: process.stdout, live: true, intervalMs: 60_000 });
    tree.update(["a"]);
    tree.update(["b"]);`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  expect(await child.exited).toBe(0);
});
