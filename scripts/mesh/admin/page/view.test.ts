import { describe, expect, test } from "bun:test";
import { Check } from "typebox/schema";
import { MeshState, type RolloutState } from "../schema.ts";
import {
  manyRevisions,
  revisionOf,
  rolloutOf,
  splitOf,
  stateOf,
  trafficOf,
} from "../testing/sample-state.ts";
import { type Choice, EVERYTHING } from "./choice.ts";
import { changeOf } from "./faults.ts";
import { flowOf } from "./flow-model.ts";
import { flowView } from "./flow.ts";
import { revisionsView } from "./revisions.ts";
import { type Child, type Spec, textOf } from "../../../text/html.ts";
import { isAsPlanned, sharesOf, splitsView } from "./splits.ts";
import { foundText, headText, pageView } from "./view.ts";

const textsOf = (specs: readonly Spec[]): string => specs.map(textOf).join("\n");

/** Returns all elements below, from outside in. */
function all(children: readonly Child[]): Spec[] {
  return children.flatMap((child) => (typeof child === "string" ? [] : [child, ...all(child.children)]));
}

describe("the page", () => {
  test("is made of the mesh's data", () => {
    expect(Check(MeshState, stateOf())).toBe(true);
  });

  test("shows flow, splits, revisions and rules, each with its position", () => {
    const text = textsOf(pageView(stateOf()));
    for (const words of [
      "split by Knative",
      "knative/credit-check/2-advanced.yaml:50",
      "planned 50 %",
      "35 % to 65 %",
      "100 requests in the 1 min since these shares apply",
      "istio/routes.yaml:13",
      "uri prefix /kyc",
      "● ready",
    ]) {
      expect(text).toContain(words);
    }
    expect(headText(stateOf())).toBe("live; configuration 3, in force for 1 min");
  });

  test("links the ports of Gateways besides the main one", () => {
    const url = "https://shop.example.localhost:8443";
    const specs = pageView(stateOf({ gateways: [{ title: "HTTPS, port 443", url, gateways: ["kyc/web"] }] }));
    expect(textsOf(specs)).toContain(`on other ports too: ${url} (HTTPS, port 443, Gateway kyc/web).`);
    expect(all(specs).find(({ attributes }) => attributes["href"] === url)).toBeDefined();
  });

  test("shows a past fault in the errors of five minutes, and only a present one in red", () => {
    const figuresOf = (windowSeconds: number, nowErrors: number): { text: string; bad: boolean } => {
      const [service] = stateOf().services;
      const traffic = { ...trafficOf(40, 10), recent: { requests: 20, errors: nowErrors } };
      const services =
        service === undefined ? [] : [{ ...service, revisions: [revisionOf("basic", { traffic })] }];
      const figures = all(revisionsView(stateOf({ services, windowSeconds }))).find(
        ({ attributes }) => attributes["class"] === "figures",
      );
      const parts = figures?.children ?? [];
      return {
        text: parts.map(textOf).join(" "),
        bad: all(parts).some(({ attributes }) => attributes["class"] === "bad"),
      };
    };
    const past = figuresOf(300, 0);
    expect(past.text).toContain("errors, 10 s0 % errors, 5 min25 % median, 5 min2 ms");
    expect(past.bad).toBe(false);
    const present = figuresOf(60, 10);
    expect(present.text).toContain("errors, 10 s50 % errors, 1 min25 %");
    expect(present.bad).toBe(true);
    expect(figuresOf(10, 10).text).toContain("errors, 10 s50 % requests, 10 s40 median, 10 s2 ms");
  });

  test("has no external link or picture, and no inline style or script", () => {
    for (const { tag, attributes } of all(pageView(stateOf()))) {
      expect(["script", "style", "img", "iframe"]).not.toContain(tag);
      expect(Object.keys(attributes).filter((name) => name === "style" || name.startsWith("on"))).toEqual([]);
    }
  });

  test("describes each picture, and names each field", () => {
    const elements = all(pageView(stateOf()));
    const pictures = elements.filter(({ tag }) => tag === "svg");
    expect(pictures.length).toBeGreaterThan(5);
    for (const { attributes } of pictures) expect(attributes["aria-label"]).toMatch(/\w/);
    const labels = new Set(
      elements.flatMap(({ tag, attributes }) => (tag === "label" ? attributes["for"] : [])),
    );
    for (const { attributes } of elements.filter(({ tag }) => tag === "input")) {
      expect(labels).toContain(attributes["id"]);
    }
  });

  test("does not move the forms when a fault is set or cleared", () => {
    const fault = {
      service: "credit-check",
      revision: "credit-check-basic",
      error: { percent: 5, status: 503 },
    };
    const on = pageView(stateOf({ faults: { faults: [fault], yaml: "kind: VirtualService\n" } }));
    const off = pageView(stateOf());
    const places = (specs: Spec[]): string[] =>
      paths(specs).filter((path) => path.endsWith("details") || path.endsWith("form"));
    expect(places(on).slice(0, 6)).toEqual(places(off));
    expect(textsOf(on)).toContain("⚠ fault: 5 % answer 503");
    expect(textsOf(on)).toContain("kind: VirtualService");
    expect(textsOf(off)).not.toContain("⚠");
  });

  test("shows an edit that is not in force, with its position and fix", () => {
    const problem = {
      severity: "error" as const,
      at: { file: "a.yaml", line: 7, column: 1 },
      field: "spec.traffic",
      message: "the percents sum to 110",
      fix: "remove 10",
    };
    const [alert] = pageView(stateOf({ problems: [problem], waiting: ["credit-check-v3"] }));
    expect(alert?.attributes["role"]).toBe("alert");
    expect(alert && textOf(alert)).toContain("a.yaml:7 spec.traffic: the percents sum to 110; remove 10");
    expect(alert && textOf(alert)).toContain("Waiting for credit-check-v3");
    const [quiet] = pageView(stateOf());
    expect(quiet && textOf(quiet)).toBe("");
  });
});

describe("planned and seen", () => {
  const share = { revision: "r", tags: [], share: 0.5, low: 0.4, high: 0.6 };

  test.each([
    [50, 10, true],
    [60, 10, true],
    [61, 10, false],
    [0, 0, true],
    [0, 1, false],
    [100, 20, true],
    [100, 19, false],
  ])(
    "planned %d with %d of 20 requests and an interval from 40 to 60 is as planned: %p",
    (percent, count, expected) => {
      expect(isAsPlanned({ ...share, percent, count }, 20)).toBe(expected);
    },
  );

  test("adds up the targets of one revision, and keeps one without a planned share", () => {
    const split = splitOf({ basic: { percent: 40, count: 4, low: 0.1, high: 0.7 } });
    split.targets.push({ revision: "credit-check-basic", tag: null, percent: 60, latest: true });
    split.observed.revisions.push({ revision: "stray", count: 1, share: 0.2, low: 0, high: 0.5 });
    expect(sharesOf(split).map(({ revision, percent, tags }) => [revision, percent, tags])).toEqual([
      ["credit-check-basic", 100, ["basic"]],
      ["stray", 0, []],
    ]);
  });

  test("shows the share of applicants by the observed buckets if a header decides", () => {
    const [service] = stateOf().services;
    if (service === undefined) throw new Error("no service");
    const split = splitOf({
      basic: { percent: 90, count: 10, low: 0.1, high: 0.9 },
      advanced: { percent: 10, count: 10, low: 0.1, high: 0.9 },
    });
    for (const [i, buckets] of [9, 1].entries())
      Object.assign(split.observed.revisions[i] ?? {}, { buckets });
    const textOf = (header?: string) =>
      textsOf(splitsView([{ ...service, splits: [{ ...split, ...(header && { header }) }] }], 100_000));
    expect(textOf("x-kyc-bucket")).toContain(
      "By the buckets of x-kyc-bucket. Of 10 buckets seen, so of the applicants: credit-check-basic 90 %, credit-check-advanced 10 %.",
    );
    expect(textOf()).not.toContain("bucket");
  });

  test("reports a deviation from the plan, and no verdict before the first request", () => {
    const [service] = stateOf().services;
    if (service === undefined) throw new Error("no service");
    const text = (count: number, percent: number): string => {
      const splits = [splitOf({ basic: { percent, count, low: 0.9, high: 1 } })];
      return textsOf(splitsView([{ ...service, splits }], 100_000));
    };
    expect(text(100, 50)).toContain("✕ not as planned");
    expect(text(100, 100)).toContain("✓ as planned");
    expect(text(0, 50)).toContain("no request yet");
  });
});

describe("a rollout", () => {
  const textOfPage = (more: Partial<RolloutState>): string =>
    textsOf(pageView(stateOf({ rollouts: [rolloutOf(more)] })));

  test("is shown with step, shares, both revisions, the verdict so far and the next step", () => {
    const text = textOfPage({});
    for (const words of [
      "credit-check: credit-check-basic → credit-check-advanced",
      "judging at 25 %, for 20 s",
      "✓ 5 %",
      "▶ 25 %",
      "○ 100 %",
      "planned 25 %, seen 24.1 % of 400 requests at this step",
      "Verdict so far: ◐ not decided yet",
      "no slower medianproved",
      "no more errors50 % of the threshold",
      "Next: 100 %, in about 12 s if the evidence keeps growing",
      "carried out by ann@host",
    ]) {
      expect(text).toContain(words);
    }
  });

  test("explains how to continue it without a process, and shows the result after its end", () => {
    const carriedOut = { by: "ann@host", seenMs: 40_000, isAlive: false };
    expect(textOfPage({ carriedOut })).toContain(
      "No process runs it since 1 min, and the split does not change. To continue: ./kyc rollout credit-check --resume",
    );
    const over = textOfPage({ outcome: "rolled back", doing: "rolled back", reason: "it failed" });
    expect(over).toContain("✕ rolled back");
    expect(over).toContain("Why: it failed.");
    expect(over).toContain("--report");
    expect(over).not.toContain("Next:");
  });

  test("is hidden if there is none", () => {
    const [, section] = pageView(stateOf());
    expect(section?.attributes["hidden"]).toBe("");
  });
});

describe("many revisions", () => {
  const state = manyRevisions(500, { "shop-7": trafficOf(10, 1) });
  const rows = (choice: Choice): string[] =>
    all(pageView(state, choice)).flatMap(({ attributes }) => attributes["data-service-row"] ?? []);

  test("are one line per service, fifty at first, and more on request", () => {
    expect(rows(EVERYTHING).length).toBe(50);
    expect(rows({ ...EVERYTHING, limit: 100 }).length).toBe(100);
    expect(textsOf(pageView(state))).toContain("450 services not listed");
    expect(all(pageView(state)).filter(({ tag }) => tag === "article").length).toBe(1);
    expect(all(pageView(state)).length).toBeLessThan(3_000);
  });

  test("are found by words of name, tag and state, in any order", () => {
    expect(rows({ ...EVERYTHING, search: "zero SHOP-499-b" })).toEqual(["kyc/shop-499"]);
    expect(rows({ ...EVERYTHING, search: "shop-12" }).length).toBe(11);
    expect(foundText(state, { ...EVERYTHING, search: "shop-499-b" })).toBe(
      "1 of 1 000 revisions of 1 service",
    );
    expect(textsOf(pageView(state, { ...EVERYTHING, search: "nothing" }))).toContain("No revision is as");
  });

  test("can be limited to those with requests, or with errors", () => {
    expect(rows({ ...EVERYTHING, show: "busy" })).toEqual(["kyc/shop-7"]);
    expect(rows({ ...EVERYTHING, show: "failing" })).toEqual(["kyc/shop-7"]);
    expect(textsOf(pageView(state))).toContain("Drawn: the busiest of 500 services; search for others.");
  });

  test("have cards if the service is open", () => {
    const open = pageView(state, { ...EVERYTHING, search: "shop-7", open: new Set(["kyc/shop-7"]) });
    const cards = all(open).filter(({ attributes }) => attributes["data-key"]?.startsWith("kyc/shop-7/"));
    expect(cards.map(({ attributes }) => attributes["aria-label"])).toEqual(["shop-7-a", "shop-7-b"]);
  });
});

describe("the flow", () => {
  test("takes the service behind the ingress as the caller if none is public", () => {
    const services = stateOf().services.map((service) => ({
      ...service,
      visibility: "cluster-local" as const,
    }));
    const { nodes, edges } = flowOf(stateOf({ services }));
    const between = edges.map(({ from, to }) => `${from} → ${to}`);
    expect(between.slice(0, 2)).toEqual([
      "ingress → kyc/kyc-aggregator",
      "kyc/kyc-aggregator → kyc/credit-check",
    ]);
    expect(nodes.find(({ id }) => id === "kyc/credit-check")?.column).toBe(2);
  });

  test("leads from the ingress through the aggregator to the versions", () => {
    const { nodes, edges } = flowOf(stateOf());
    expect(edges.map(({ from, to }) => `${from} → ${to}`)).toEqual([
      "ingress → kyc/kyc-aggregator",
      "kyc/kyc-aggregator → kyc/credit-check",
      "kyc/credit-check → kyc/credit-check/credit-check-basic",
      "kyc/credit-check → kyc/credit-check/credit-check-advanced",
    ]);
    expect(nodes.map(({ column }) => column)).toEqual([0, 1, 2, 3, 3]);
  });

  test("shows an edge past the aggregator if requests take it", () => {
    const state = stateOf();
    state.services[0]?.inflows.push({ listener: "ingress", requests: 10, errors: 0, rate: 1 });
    expect(flowOf(state).edges).toContainEqual({
      from: "ingress",
      to: "kyc/credit-check",
      rate: 1,
      label: "",
    });
  });

  test("marks a version that cannot answer without relying on colour", () => {
    const state = stateOf();
    state.services[0]?.revisions.splice(
      1,
      1,
      revisionOf("advanced", { state: "failed", traffic: trafficOf(10, 5) }),
    );
    const text = textsOf(flowView(flowOf(state)));
    expect(text).toContain("✕ failed");
    expect(text).toContain("50 % fail");
  });

  test("keeps every box within the picture, without overlaps", () => {
    const state = stateOf();
    for (const name of ["v3", "v4", "v5"]) {
      state.services[0]?.revisions.push(revisionOf(name));
      state.services[0]?.splits[0]?.observed.revisions.push({
        revision: `credit-check-${name}`,
        count: 0,
        share: 0,
        low: 0,
        high: 1,
      });
    }
    for (const picture of flowView(flowOf(state))) {
      const [, , width = 0, height = 0] = (picture.attributes["viewBox"] ?? "").split(" ").map(Number);
      const boxes = all([picture])
        .filter(({ tag }) => tag === "rect")
        .map(({ attributes }) => ["x", "y", "width", "height"].map((name) => Number(attributes[name])))
        .map(([x = 0, y = 0, w = 0, h = 0]) => ({ left: x, top: y, right: x + w, bottom: y + h }));
      expect(boxes.length).toBe(8);
      for (const [i, box] of boxes.entries()) {
        expect(box.left >= 0 && box.top >= 0 && box.right <= width && box.bottom <= height).toBe(true);
        for (const other of boxes.slice(i + 1)) {
          const apart =
            box.right <= other.left ||
            other.right <= box.left ||
            box.bottom <= other.top ||
            other.bottom <= box.top;
          expect(apart).toBe(true);
        }
      }
    }
  });
});

describe("a fault's form", () => {
  const named = { service: "s", revision: "r" };

  test("sends the values of its fields, without a field of 0", () => {
    expect(changeOf({ error: 5, status: 503, delay: 200 }, named)).toEqual({
      set: { ...named, error: { percent: 5, status: 503 }, delay: { percent: 100, ms: 200 } },
    });
    expect(changeOf({ error: 0, status: 503, delay: 200 }, named)).toEqual({
      set: { ...named, delay: { percent: 100, ms: 200 } },
    });
  });

  test("clears the named faults, or all", () => {
    expect(changeOf(undefined, named)).toEqual({ clear: named });
    expect(changeOf(undefined, { service: undefined, revision: undefined })).toEqual({ clear: {} });
  });
});

/** Returns the path to each element, as tags and indices. */
function paths(children: readonly Child[], above = ""): string[] {
  return children.flatMap((child, i) => {
    if (typeof child === "string") return [];
    const path = `${above}/${i} ${child.tag}`;
    return [path, ...paths(child.children, path)];
  });
}
