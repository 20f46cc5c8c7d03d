import { describe, expect, test } from "bun:test";
import { driftOf, trafficFlags } from "./drift.ts";
import { targetsOf } from "./testing/fake-engine.ts";

const A = targetsOf({ basic: 50, advanced: 50 });
const B = targetsOf({ basic: 90, advanced: 10 });
const C = targetsOf({ basic: 20, advanced: 80 });
const BASE = {
  service: "check",
  engine: "knative",
  isOfFiles: false,
  changed: { by: "kubectl-patch", atMs: 5 },
} as const;
const commands = (
  sides: Pick<Parameters<typeof driftOf>[0], "file" | "last" | "live">,
): string[] | undefined =>
  driftOf({ ...BASE, ...sides })?.proposals.map(({ command }) =>
    command.replace("./kyc split check --engine ", ""),
  );

describe("drift of a split", () => {
  test("is absent if all agree, and if live follows the files after this tool's change", () => {
    expect(commands({ file: A, last: A, live: A })).toBeUndefined();
    expect(commands({ file: A, last: undefined, live: A })).toBeUndefined();
    expect(commands({ file: B, last: A, live: B })).toBeUndefined();
    expect(commands({ file: undefined, last: A, live: A })).toBeUndefined();
    expect(commands({ file: A, last: B, live: undefined })).toBeUndefined();
  });

  test("after a change by this tool is reported for the files", () => {
    const drift = driftOf({ ...BASE, file: A, last: B, live: B });
    expect(drift?.what).toBe("This tool changed the live split, and the files do not have the change yet.");
    expect(commands({ file: A, last: B, live: B })).toEqual([
      "knative --traffic basic=50,advanced=50",
      "local --traffic basic=90,advanced=10",
    ]);
  });

  test("after a foreign change names the writer, and the commands to restore each side", () => {
    const drift = driftOf({ ...BASE, file: A, last: B, live: C });
    expect(drift?.what).toBe("kubectl-patch changed the live split without this tool and without the files.");
    expect(commands({ file: A, last: B, live: C })).toEqual([
      "knative --traffic basic=90,advanced=10",
      "knative --traffic basic=50,advanced=50",
      "local --traffic basic=20,advanced=80",
    ]);
    expect(commands({ file: A, last: undefined, live: C })).toEqual([
      "knative --traffic basic=50,advanced=50",
      "local --traffic basic=20,advanced=80",
    ]);
    expect(commands({ file: undefined, last: B, live: C })).toEqual([
      "knative --traffic basic=90,advanced=10",
    ]);
  });

  test("also exists if one side splits by buckets and the other draws each request", () => {
    const headers = { file: undefined, live: "x-kyc-bucket" };
    const drift = driftOf({ ...BASE, engine: "istio", file: A, last: A, live: A, headers });
    expect(drift?.proposals.map(({ command }) => command)).toEqual([
      "./kyc split check --engine istio --traffic basic=50,advanced=50 --by weights",
      "./kyc split check --engine local --traffic basic=50,advanced=50 --by header:x-kyc-bucket",
    ]);
    const same = { file: "x-kyc-bucket", live: "x-kyc-bucket" };
    expect(driftOf({ ...BASE, file: A, last: A, live: A, headers: same })).toBeUndefined();
  });

  test("of the running mesh is reported for an edit that is not in force", () => {
    const drift = driftOf({ ...BASE, engine: "local", isOfFiles: true, file: A, last: A, live: B });
    expect(drift?.what).toStartWith("The running mesh uses another split");
  });
});

test("a split as flags names tags, else @latest, else revisions", () => {
  expect(
    trafficFlags([
      { revision: "r1", tag: "a", percent: 10, latest: false },
      { revision: "r2", tag: undefined, percent: 20, latest: true },
      { revision: "r3", tag: undefined, percent: 70, latest: false },
      { revision: "r4", tag: "b", percent: 0, latest: false },
    ]),
  ).toBe("--traffic a=10,@latest=20,r3=70");
});
