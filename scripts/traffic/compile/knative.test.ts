import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { shares } from "./service-plan.ts";
import {
  compiled,
  creditCheck,
  HALVES,
  knativeService,
  type Manifest,
  planOf,
} from "../testing/sample-plans.ts";

const PERCENTS = "the percents sum to";

describe("the traffic of a Knative Service", () => {
  test("is the block of the last state, resolved to revisions", () => {
    const [service] = planOf(...creditCheck(HALVES)).services;
    expect(service).toMatchObject({ name: "credit-check", namespace: "kyc", visibility: "public" });
    expect(service?.revisions.map(({ name, at }) => `${name} ${at.file}`)).toEqual([
      "credit-check-basic 1.yaml",
      "credit-check-advanced 2.yaml",
    ]);
    expect(service?.traffic).toMatchObject([
      { revision: "credit-check-basic", tag: "basic", percent: 50, latest: false },
      { revision: "credit-check-advanced", tag: "advanced", percent: 50, latest: false },
    ]);
  });

  test("goes to the latest revision by default", () => {
    const [service] = planOf(
      knativeService("a", { revision: "a-one" }),
      knativeService("a", { revision: "a-two" }),
    ).services;
    expect(service?.traffic).toMatchObject([
      { revision: "a-two", tag: undefined, percent: 100, latest: true },
    ]);
    expect(service?.at).toEqual({ file: "2.yaml", line: 6, column: 1 });
  });

  test("of latestRevision goes to the last state's revision", () => {
    const traffic = [
      { latestRevision: true, tag: "candidate", percent: 10 },
      { revisionName: "credit-check-basic", latestRevision: false, percent: 90 },
    ];
    const [service] = planOf(...creditCheck(traffic)).services;
    expect(service?.traffic).toMatchObject([
      { revision: "credit-check-advanced", tag: "candidate", percent: 10, latest: true },
      { revision: "credit-check-basic", tag: undefined, percent: 90, latest: false },
    ]);
    expect(service?.at).toEqual({ file: "2.yaml", line: 13, column: 3 });
  });

  test.each<[string, object[], string[]]>([
    [
      "sums to less than 100",
      [{ latestRevision: true, percent: 60 }],
      [`13:3: error: spec.traffic: ${PERCENTS} 60, and 100 are needed; give 40 more`],
    ],
    [
      "sums to more than 100",
      [
        { revisionName: "credit-check-basic", percent: 90 },
        { latestRevision: true, percent: 50 },
      ],
      [`13:3: error: spec.traffic: ${PERCENTS} 140, and 100 are needed; remove 40`],
    ],
    [
      "has no percent at all",
      [{ latestRevision: true, tag: "x" }],
      [`13:3: error: spec.traffic: ${PERCENTS} 0, and 100 are needed; give 100 more`],
    ],
    [
      "names a missing revision",
      [{ revisionName: "credit-check-basc", percent: 100 }],
      [
        "14:21: error: spec.traffic[0].revisionName: there is no revision credit-check-basc; did you mean credit-check-basic?",
      ],
    ],
    [
      "names a revision without a similar one",
      [{ revisionName: "reports-v1", percent: 100 }],
      [
        "14:21: error: spec.traffic[0].revisionName: there is no revision reports-v1; known are credit-check-basic, credit-check-advanced",
      ],
    ],
    [
      "names both a revision and the latest",
      [{ revisionName: "credit-check-basic", latestRevision: true, percent: 100 }],
      [
        "15:23: error: spec.traffic[0].latestRevision: may not set revisionName credit-check-basic when latestRevision is true; leave one out",
      ],
    ],
    [
      "names no revision",
      [{ percent: 100, latestRevision: false }],
      [
        "14:7: error: spec.traffic[0]: the target names no revision; add revisionName, or latestRevision: true",
      ],
    ],
    [
      "has one tag twice",
      [
        { revisionName: "credit-check-basic", tag: "x", percent: 100 },
        { revisionName: "credit-check-advanced", tag: "x" },
      ],
      ["18:12: error: spec.traffic[1].tag: the tag x is on traffic[0] already; a tag names one target"],
    ],
    [
      "has several mistakes",
      [{ revisionName: "credit-check-v3", percent: 60 }, { percent: 50 }],
      [
        "14:21: error: spec.traffic[0].revisionName: there is no revision credit-check-v3; did you mean credit-check-basic?",
        "16:7: error: spec.traffic[1]: the target names no revision; add revisionName, or latestRevision: true",
        `13:3: error: spec.traffic: ${PERCENTS} 110, and 100 are needed; remove 10`,
      ],
    ],
  ])("that %s is reported", (_, traffic, expected) => {
    expect(compiled(...creditCheck(traffic)).problems).toEqual(expected.map((line) => `2.yaml:${line}`));
  });

  test("of an earlier state has no effect, which is reported", () => {
    const early = knativeService("credit-check", {
      revision: "credit-check-basic",
      traffic: [{ latestRevision: true, percent: 1 }],
    });
    const { problems } = compiled(early, ...creditCheck(HALVES).slice(1));
    expect(problems).toEqual([
      "1.yaml:13:3: warning: spec.traffic: a later file describes a later state of this service, and its traffic block is the one in force; leave traffic to the last file",
    ]);
  });
});

describe("the shares of revisions", () => {
  test("are added up if two targets are one revision, and omitted if they are zero", () => {
    const traffic = [
      { revisionName: "credit-check-basic", tag: "a", percent: 20 },
      { revisionName: "credit-check-advanced", tag: "b", percent: 50 },
      { revisionName: "credit-check-basic", tag: "c", percent: 30 },
    ];
    expect([...sharesOf(creditCheck(traffic))]).toEqual([
      ["credit-check-basic", 50],
      ["credit-check-advanced", 50],
    ]);
    const all = [
      { revisionName: "credit-check-basic", tag: "a" },
      { latestRevision: true, percent: 100 },
    ];
    expect([...sharesOf(creditCheck(all))]).toEqual([["credit-check-advanced", 100]]);
  });

  test("of every valid block sum to 100, and another sum is reported", () => {
    const target = fc.record({ n: fc.nat({ max: 3 }), latest: fc.boolean(), percent: fc.nat({ max: 100 }) });
    const blocks = fc.array(target, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(blocks, fc.boolean(), (targets, makeValid) => {
        const percents = makeValid
          ? cutTo100(targets.map(({ percent }) => percent))
          : targets.map((t) => t.percent);
        const traffic = targets.map(({ n, latest }, i) => ({
          ...(latest ? { latestRevision: true } : { revisionName: `a-${n}` }),
          ...(percents[i] === 0 ? {} : { percent: percents[i] }),
        }));
        const states = [0, 1, 2, 3].map((n) =>
          knativeService("a", { revision: `a-${n}`, ...(n === 3 ? { traffic } : {}) }),
        );
        const { plan, problems } = compiled(...states);
        const sum = percents.reduce((all, percent) => all + percent, 0);
        expect(problems.some((problem) => problem.includes(`${PERCENTS} ${sum},`))).toBe(sum !== 100);
        const total = [...shares(plan.services[0]?.traffic ?? []).values()].reduce(
          (all, share) => all + share,
          0,
        );
        expect(total).toBe(sum);
      }),
    );
  });
});

describe("revisions", () => {
  test("without a name get Knative's: the service's name and the number of the state", () => {
    const { services } = planOf(
      knativeService("a", { revision: "a-first" }),
      knativeService("a"),
      knativeService("b"),
      knativeService("a"),
    );
    expect(services.map(({ revisions }) => revisions.map(({ name }) => name))).toEqual([
      ["a-first", "a-00002", "a-00003"],
      ["b-00001"],
    ]);
  });

  test("of one name in two files are reported", () => {
    const { problems } = compiled(
      ...creditCheck(HALVES).slice(0, 1),
      ...creditCheck(HALVES.slice(0, 0)).slice(0, 1),
    );
    expect(problems).toEqual([
      "2.yaml:9:13: error: spec.template.metadata.name: revision credit-check-basic is described in 1.yaml already; a revision never changes: give this one a new name",
    ]);
  });

  test("that do not begin with their service's name are reported", () => {
    expect(compiled(knativeService("a", { revision: "basic" })).problems).toEqual([
      "1.yaml:9:13: error: spec.template.metadata.name: a revision's name begins with its service's, and basic does not begin with a-; call it a-basic",
    ]);
  });

  test("of two services with one name in two namespaces are separate", () => {
    const { services } = planOf(
      knativeService("a", { revision: "a-x" }),
      knativeService("a", { revision: "a-x", namespace: "other" }),
    );
    expect(services.map(({ namespace, revisions }) => [namespace, revisions.length])).toEqual([
      ["kyc", 1],
      ["other", 1],
    ]);
  });
});

describe("a state that Knative would reject is reported:", () => {
  const withContainer = (container: object): Manifest => ({
    ...knativeService("a"),
    spec: { template: { spec: { containers: [{ image: "a", ...container }] } } },
  });
  const ENV = "spec.template.spec.containers[0].env[0]";

  test.each(["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"])("the variable %s", (name) => {
    expect(compiled(withContainer({ env: [{ name, value: "1" }] })).problems).toEqual([
      `1.yaml:12:21: error: ${ENV}.name: ${name} is set by Knative itself; choose another name, or leave it out`,
    ]);
  });

  test.each([8008, 8012, 8013, 8022, 8112, 9090, 9091])("the port %d of the queue proxy", (containerPort) => {
    expect(compiled(withContainer({ ports: [{ containerPort }] })).problems).toEqual([
      `1.yaml:12:30: error: spec.template.spec.containers[0].ports[0].containerPort: port ${containerPort} belongs to Knative's queue proxy; choose another, for example 8080`,
    ]);
  });

  test.each(["$(HOST)", "http://$(HOST)/", "$$$(HOST)", "a$(B"])(
    "%j, which Kubernetes expands but the mesh does not",
    (value) => {
      expect(compiled(withContainer({ env: [{ name: "A", value }] })).problems).toEqual([
        `1.yaml:13:22: error: ${ENV}.value: the local mesh does not fill in $(NAME) from other variables; write the whole value`,
      ]);
    },
  );

  test.each(["$$(HOST)", "$HOST", "(a)", "5$", "K_REVISION"])("and not %j", (value) => {
    expect(compiled(withContainer({ env: [{ name: "A", value }] })).problems).toEqual([]);
  });

  test("a visibility other than cluster-local, in any state", () => {
    const labels = { "networking.knative.dev/visibility": "private" };
    const { problems } = compiled(knativeService("a", { labels }), knativeService("a"));
    expect(problems).toEqual([
      '1.yaml:7:40: error: metadata.labels["networking.knative.dev/visibility"]: private is not a visibility of Knative; write cluster-local, or leave the label out for a public service',
    ]);
  });
});

function sharesOf(manifests: object[]): Map<string, number> {
  return shares(planOf(...manifests).services[0]?.traffic ?? []);
}

/** Returns the percents, changed so that they sum to 100. */
function cutTo100(percents: number[]): number[] {
  let left = 100;
  const cut = percents.map((percent) => {
    const kept = Math.min(percent, left);
    left -= kept;
    return kept;
  });
  cut[cut.length - 1] = (cut.at(-1) ?? 0) + left;
  return cut;
}
