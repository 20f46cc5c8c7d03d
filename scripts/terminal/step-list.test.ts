import { afterEach, describe, expect, test } from "bun:test";
import type { StepState, StepView } from "../cluster/platform/step.ts";
import { drawSteps, StepList } from "./step-list.ts";
import { PLAIN } from "./style.ts";
import { FakeClock, FakeTerminal } from "./fake-terminal.ts";

function view(title: string, state: StepState, more: Partial<StepView> = {}): StepView {
  return {
    name: title.toLowerCase(),
    title,
    state,
    detail: "",
    passing: "",
    warnings: [],
    since: undefined,
    tookMs: undefined,
    ...more,
  };
}

const VIEWS = [
  view("Kubernetes", "there", { detail: "v1.34.0, context minikube" }),
  view("Istio", "made", { detail: "1.30.0", tookMs: 74_400, warnings: ["Istio is new"] }),
  view("Knative Serving", "making", { detail: "applying", passing: "Deployment web", since: 1_000 }),
  view("Domain", "looking"),
  view("Sidecars", "due", { detail: "none beside web" }),
  view("Images", "unknown"),
  view("Deploy", "waiting"),
];

function draw(views: readonly StepView[], options: { live: boolean; dryRun?: boolean }): string {
  return drawSteps(views, PLAIN, { now: 4_000, ...options })
    .map(({ text, passing }) => (passing ? `${text} [${passing}]` : text))
    .join("\n");
}

describe("steps", () => {
  test("on a terminal are all shown, with their durations", () => {
    expect(draw(VIEWS, { live: true })).toBe(
      [
        "✓ Kubernetes       v1.34.0, context minikube (was so already)",
        "✓ Istio            1.30.0 [1 min 14 s]",
        "  ! Istio is new",
        "● Knative Serving  applying [3 s Deployment web]",
        "○ Domain           looking",
        "● Sidecars         none beside web",
        "○ Images",
        "○ Deploy",
      ].join("\n"),
    );
  });

  test("elsewhere are shown when their state changes", () => {
    expect(draw(VIEWS, { live: false })).toBe(
      [
        "✓ Kubernetes       v1.34.0, context minikube (was so already)",
        "✓ Istio            1.30.0 [1 min 14 s]",
        "  ! Istio is new",
        "● Knative Serving  applying [3 s Deployment web]",
      ].join("\n"),
    );
  });

  test("in a dry run show the planned actions", () => {
    expect(draw(VIEWS.slice(4, 6), { live: false, dryRun: true })).toBe(
      ["● Sidecars  to do: none beside web", "○ Images    to be looked at when the cluster is there"].join(
        "\n",
      ),
    );
  });

  test("that failed are marked, with the reason", () => {
    expect(draw([view("Istio", "failed", { detail: "installing", tookMs: 2_000 })], { live: true })).toBe(
      "✗ Istio  failed while: installing [2 s]",
    );
    expect(draw([view("Istio", "failed")], { live: true })).toBe("✗ Istio  failed");
  });
});

describe("the list of steps", () => {
  let list: StepList | undefined;
  afterEach(() => list?.end());

  test("changes in place on a terminal", () => {
    const terminal = new FakeTerminal();
    const clock = new FakeClock();
    list = new StepList(terminal as unknown as NodeJS.WriteStream, { clock, live: true, style: PLAIN });
    list.show([view("Istio", "looking"), view("Domain", "waiting")]);
    list.say("a remark");
    clock.pass(1_000);
    list.show([view("Istio", "there", { detail: "1.30.0" }), view("Domain", "looking")]);
    list.end();
    expect(terminal.screen).toEqual(["a remark", "✓ Istio   1.30.0 (was so already)", "○ Domain  looking"]);
  });

  test("writes each piece of news once elsewhere", () => {
    const terminal = new FakeTerminal(false);
    list = new StepList(terminal as unknown as NodeJS.WriteStream, { style: PLAIN });
    for (const passing of ["1", "2", "3"])
      list.show([view("Istio", "making", { detail: "installing", passing, since: 0 })]);
    list.show([view("Istio", "made", { detail: "1.30.0", tookMs: 1 })]);
    list.end();
    expect(terminal.text).toBe("● Istio  installing\n✓ Istio  1.30.0\n");
  });
});
