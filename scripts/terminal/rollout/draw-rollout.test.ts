import { describe, expect, test } from "bun:test";
import { forecast } from "../../rollout/plan/forecast.ts";
import { finished } from "../../rollout/testing/finished-rollout.ts";
import { Simulation } from "../../rollout/testing/simulation.ts";
import type { RolloutView } from "../../rollout/run/view.ts";
import { drawPlan } from "./draw-plan.ts";
import { drawRollout } from "./draw-rollout.ts";
import { RolloutScreen } from "./rollout-screen.ts";
import { PLAIN } from "../style.ts";
import { FakeClock, FakeTerminal } from "../fake-terminal.ts";

const draw = (view: RolloutView | undefined): string => {
  if (view === undefined) throw new Error("there is no such moment");
  return drawRollout(view, PLAIN)
    .map(({ text, passing = "" }) => `${text} ${passing}`.trimEnd())
    .join("\n");
};

describe("a rollout is drawn", () => {
  test("with step, shares, both revisions and the evidence", async () => {
    const { views } = await finished({});
    const moments = views.filter(({ phase }) => phase === "judging");
    expect(draw(moments[Math.floor(moments.length / 2)])).toMatchSnapshot();
  });

  test("at its end with the reason alone", async () => {
    const { views } = await finished({ errors: 0.3 });
    expect(draw(views.at(-1))).toMatchSnapshot();
  });

  test("shows three splits when another user's change is in the way", async () => {
    const { views } = await finished({});
    const some = views.find(({ phase }) => phase === "judging");
    if (some === undefined) throw new Error("it was judged");
    const target = (percent: number) => [
      { revision: "credit-check-basic", tag: "basic", percent, latest: false },
    ];
    const view: RolloutView = {
      ...some,
      phase: "held",
      doing: "held",
      reason: "the split was changed by eve to basic=70",
      diff: { planned: target(90), written: target(90), live: target(70) },
    };
    expect(
      draw(view)
        .split("\n")
        .slice(-3)
        .map((line) => line.trim()),
    ).toEqual(["planned  basic=90", "written  the same", "live     basic=70"]);
  });
});

test("a plan is drawn with what each step can show", () => {
  const { plan } = new Simulation();
  const traffic = { ms: 5_000, rps: 60, errors: 0.001, median: 12, p99: 40 };
  expect(drawPlan(plan, traffic, forecast(plan, traffic), PLAIN).join("\n")).toMatchSnapshot();
});

describe("what rollout shows", () => {
  async function shown(isTTY: boolean): Promise<FakeTerminal> {
    const terminal = new FakeTerminal(isTTY);
    const clock = new FakeClock();
    // The part of a stream that a screen uses.
    const stream = terminal as unknown as NodeJS.WriteStream;
    const screen = new RolloutScreen(stream, { clock, live: isTTY, style: PLAIN });
    const { saved, views } = await finished({});
    for (const entry of saved.entries.slice(1)) {
      const view = views.find(({ phase, steps, sinceMs }) => {
        return phase === entry.state.phase && sinceMs === entry.state.sinceMs && steps.length > 0;
      });
      if (view === undefined) continue;
      screen.onEntry(entry, view);
      clock.pass(1_000);
      screen.onBeat(view);
    }
    screen.end();
    return terminal;
  }

  test("into a pipe is a line for each decision, with counts and without movements", async () => {
    const { text } = await shown(false);
    expect(text).not.toContain("\u001b");
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/^[0-9:]+ +/, ""));
    expect(lines[0]).toMatch(
      /^warming credit-check-advanced up: credit-check-advanced is ready {2}\(candidate 0 requests/,
    );
    expect(lines.filter((line) => line.startsWith("judging at"))).toHaveLength(2);
    expect(lines.at(-1)).toMatch(/^promoted: 10 s with all traffic, without a baseline to compare with/);
  });

  test("on a terminal is the same lines, and the tree below them", async () => {
    const { screen } = await shown(true);
    expect(screen.at(-3)).toMatch(/^credit-check {2}credit-check-basic → credit-check-advanced {2}promoted/);
    expect(screen.at(-2)).toBe("├── steps     10 ✓  50 ✓  100 ✓ %");
    expect(screen.some((line) => line.includes("judging at 50 %"))).toBe(true);
  });
});
