import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { SplitChange } from "./split.ts";
import { lastToUndo, readHistory, withChange, writeHistory } from "./history.ts";

function change(from: number, to: number, undo = false): SplitChange {
  const split = (percent: number) => [
    { revision: "check-a", tag: undefined, percent, latest: false },
    { revision: "check-b", tag: "b", percent: 100 - percent, latest: true },
  ];
  return { atMs: 5, by: "ann", before: split(from), after: split(to), undo };
}

describe("the history of a split", () => {
  test("undoes one change after the other, and drops undone ones", () => {
    const [first, second] = [change(100, 90), change(90, 50)];
    expect(lastToUndo([])).toBeUndefined();
    expect(lastToUndo([first, second])).toBe(second);
    expect(lastToUndo([first, second, change(50, 90, true)])).toBe(first);
    expect(lastToUndo([first, second, change(50, 90, true), change(90, 100, true)])).toBeUndefined();
    const third = change(90, 20);
    expect(lastToUndo([first, second, change(50, 90, true), third])).toBe(third);
  });

  test("returns by as many steps as it advanced", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(100), { nil: undefined })), (steps) => {
        // The reference model: a stack of previous values.
        const pile: number[] = [];
        let [value, history] = [100, [] as SplitChange[]];
        for (const step of steps.slice(0, 40)) {
          const back = lastToUndo(history);
          if (step === undefined) {
            expect(back?.before[0]?.percent).toBe(pile.at(-1));
            if (back === undefined) continue;
            const to = pile.pop() ?? 0;
            history = withChange(history, change(value, to, true));
            value = to;
          } else {
            pile.push(value);
            history = withChange(history, change(value, step));
            value = step;
          }
        }
      }),
    );
  });

  test("survives serialization, and an invalid text is an empty history", () => {
    const history = [change(100, 90), change(90, 100, true)];
    expect(readHistory(writeHistory(history))).toEqual(history);
    expect(readHistory(undefined)).toEqual([]);
    expect(readHistory("{")).toEqual([]);
    expect(readHistory('[{"by":1}]')).toEqual([]);
  });

  test("keeps the latest fifty", () => {
    let history: SplitChange[] = [];
    for (let i = 0; i < 60; i++) history = withChange(history, change(i, i + 1));
    expect(history.map(({ before }) => before[0]?.percent)).toEqual(
      Array.from({ length: 50 }, (_, i) => i + 10),
    );
  });
});
