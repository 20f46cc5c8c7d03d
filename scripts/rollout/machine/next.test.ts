import { describe, expect, test } from "bun:test";
import { ORIGINAL, Simulation } from "../testing/simulation.ts";
import { toTargets } from "../plan/targets.ts";
import { next } from "./next.ts";
import { type Command, type Event, initialState, PHASES, type Phase, type State } from "./state.ts";

const { plan } = new Simulation({ settings: { approveAt: [50] } });
const original = toTargets(ORIGINAL);
const begin = (): State => initialState({ targets: original, version: "1" }, 0);
const ask = (command: Command, more: Partial<Extract<Event, { type: "asked" }>> = {}): Event => ({
  type: "asked",
  atMs: 500,
  command,
  by: "ann",
  why: "",
  overwrite: false,
  queued: true,
  ...more,
});
const at = (phase: Phase): State => ({
  ...begin(),
  phase,
  step:
    phase === "preparing" || phase === "warming" ? -1 : phase === "baking" || phase === "promoted" ? 2 : 0,
  heldFrom: phase === "held" ? "judging" : null,
  reason: phase === "waiting" ? "50 % needs the approval of a person other than tester" : "",
});

const ACTIVE: Phase[] = ["preparing", "warming", "shifting", "settling", "judging", "waiting", "baking"];

describe("an abort", () => {
  test.each([...ACTIVE, "held" as const])(
    "while %s starts to restore the original split, with the reason",
    (phase) => {
      const state = next(plan, at(phase), ask("abort", { why: "complaints" }));
      expect([state.phase, state.reason]).toEqual(["restoring", "aborted by ann: complaints"]);
      expect(state.pending.at(-1)).toEqual(original);
    },
  );

  test.each(["restoring", "confirming", "rolled back", "promoted"] as const)(
    "while %s changes nothing, even if repeated",
    (phase) => {
      const state = at(phase);
      const once = next(plan, state, ask("abort"));
      expect(next(plan, once, ask("abort"))).toEqual({ ...state, handled: 2 });
    },
  );

  test("overwrites another user's split only on request", () => {
    const live = { targets: original.map((each) => ({ ...each, percent: 50 })), version: "9", by: "eve" };
    const held = next(plan, at("judging"), { type: "seen", atMs: 400, live });
    expect(held.phase).toBe("held");
    expect(next(plan, held, ask("abort", { queued: false }))).toBe(held);
    const forced = next(plan, held, ask("abort", { overwrite: true }));
    expect([forced.phase, forced.written.version]).toEqual(["restoring", "9"]);
  });
});

describe("a verdict of regressed", () => {
  test.each(ACTIVE)("while %s starts the rollback", (phase) => {
    const event: Event = { type: "verdict", atMs: 1, verdict: "regressed", because: "it fails" };
    const state = next(plan, at(phase), event);
    expect([state.phase, state.reason]).toEqual(["restoring", "it fails"]);
  });

  test("starts the rollback while paused, too; healthy and undecided have no effect then", () => {
    const paused = { ...at("judging"), paused: true };
    const say = (verdict: "healthy" | "undecided" | "regressed"): State =>
      next(plan, paused, { type: "verdict", atMs: 1e9, verdict, because: "so" });
    expect(say("healthy")).toBe(paused);
    expect(say("undecided")).toBe(paused);
    expect(say("regressed").phase).toBe("restoring");
  });
});

describe("a state", () => {
  test("is the same object after an event that changes nothing", () => {
    const nothing: Event[] = [
      { type: "time", atMs: 1 },
      { type: "failed", atMs: 1, why: "no answer" },
      { type: "unready", atMs: 1, why: "pulling" },
      { type: "seen", atMs: 1, live: { targets: original, version: "1", by: null } },
      { type: "verdict", atMs: 1, verdict: "undecided", because: "few" },
    ];
    for (const phase of PHASES)
      for (const event of nothing) expect(next(plan, at(phase), event)).toEqual(at(phase));
    const state = at("judging");
    for (const event of nothing) expect(next(plan, state, event)).toBe(state);
  });

  test("of a step advances only if it is healthy and its shortest time is over", () => {
    const say = (atMs: number): Phase =>
      next(plan, at("judging"), { type: "verdict", atMs, verdict: "healthy", because: "fine" }).phase;
    expect([say(plan.settings.stepMs - 1), say(plan.settings.stepMs)]).toEqual(["judging", "waiting"]);
    const free = { ...plan, settings: { ...plan.settings, approveAt: [] } };
    const event: Event = { type: "verdict", atMs: plan.settings.stepMs, verdict: "healthy", because: "fine" };
    expect(next(free, at("judging"), event).phase).toBe("shifting");
  });

  test("whose original split was restored is being rolled back", () => {
    const judging = { ...at("judging"), written: { targets: plan.steps[0]?.targets ?? [], version: "2" } };
    const live = { targets: original, version: "3", by: "ann" };
    const state = next(plan, judging, { type: "seen", atMs: 1, live });
    expect([state.phase, state.reason]).toEqual(["confirming", "the split was restored by ann"]);
  });

  test("accepts a new version of an unchanged split", () => {
    const live = { targets: original, version: "8", by: "ann" };
    const state = next(plan, at("judging"), { type: "seen", atMs: 1, live });
    expect([state.phase, state.written.version]).toEqual(["judging", "8"]);
  });

  test("that cannot be restored in time is held, with both reasons", () => {
    const restoring = next(plan, at("judging"), ask("abort", { why: "complaints" }));
    const late = next(plan, restoring, { type: "failed", atMs: 1e9, why: "forbidden" });
    expect(late.phase).toBe("held");
    expect(late.reason).toBe(
      "the original split could not be written: forbidden; it had to be restored: aborted by ann: complaints",
    );
    expect(next(plan, late, ask("resume")).phase).toBe("restoring");
  });
});
