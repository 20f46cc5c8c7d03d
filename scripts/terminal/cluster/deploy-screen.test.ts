import { describe, expect, test } from "bun:test";
import type { PodView, ServiceView } from "../../cluster/workload/workload-view.ts";
import { DeployScreen } from "./deploy-screen.ts";
import { PLAIN } from "../style.ts";
import { FakeClock, FakeTerminal } from "../fake-terminal.ts";

function service(health: ServiceView["health"], pod: Partial<PodView> = {}): ServiceView {
  const basic: PodView = {
    name: "basic-pod",
    health,
    containers: health === "ready" ? "3/3" : "2/3",
    restarts: 0,
    hasSidecar: true,
    trouble: undefined,
    warning: undefined,
    ...pod,
  };
  return {
    name: "credit-check",
    namespace: "kyc",
    url: undefined,
    health,
    message: undefined,
    latest: "credit-check-basic",
    revisions: [
      {
        name: "credit-check-basic",
        image: "i",
        health,
        message: undefined,
        percent: 100,
        tags: ["basic"],
        pods: [basic],
      },
    ],
  };
}

/** A deployment, as reported to a screen. */
function deployOn(terminal: FakeTerminal, clock: FakeClock): void {
  const live = terminal.isTTY;
  const screen = new DeployScreen(terminal as unknown as NodeJS.WriteStream, { live, clock, style: PLAIN });
  const tell = (run: () => void): void => {
    run();
    clock.pass(1_000);
  };
  tell(() => screen.onImage("credit-check", "building", "STEP 1"));
  tell(() => screen.onImage("credit-check", "built"));
  tell(() => screen.onChange("Namespace kyc", "created", undefined));
  tell(() => screen.onChange("Service kyc/credit-check", "skipped", "credit-check-basic exists"));
  tell(() => screen.onView([service("waiting", { warning: "Readiness probe failed" })]));
  tell(() => screen.onView([service("ready")]));
  tell(() => screen.onChange("VirtualService kyc/kyc", "in conflict", undefined));
  screen.end();
}

describe("a deployment", () => {
  test("on a terminal is a line for each object above the tree, which stays in its last state", () => {
    const terminal = new FakeTerminal();
    deployOn(terminal, new FakeClock());
    expect(terminal.screen).toEqual([
      "created     Namespace kyc",
      "skipped     Service kyc/credit-check  credit-check-basic exists",
      "in conflict VirtualService kyc/kyc",
      "credit-check  ready",
      "└── credit-check-basic  100 %  ready  tag basic",
      "    └── basic-pod  3/3 ready",
    ]);
    expect(terminal.text).toContain("STEP 1");
  });

  test("in a pipe is a line for each new state, in order", () => {
    const terminal = new FakeTerminal(false);
    deployOn(terminal, new FakeClock());
    expect(terminal.text).toBe(
      `image credit-check  building
image credit-check  built
created     Namespace kyc
skipped     Service kyc/credit-check  credit-check-basic exists
credit-check  waiting
└── credit-check-basic  100 %  waiting  tag basic
    └── basic-pod  2/3 waiting  Readiness probe failed
credit-check  ready
└── credit-check-basic  100 %  ready  tag basic
    └── basic-pod  3/3 ready
in conflict VirtualService kyc/kyc
`,
    );
  });
});
