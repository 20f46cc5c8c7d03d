import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { TrafficTarget } from "../../manifests/kinds/knative-service.ts";
import { parseDocuments } from "../../manifests/document.ts";
import { collectResources, type Resources } from "../../manifests/resources.ts";
import { compare } from "../equal/compare.ts";
import { entriesOf } from "../equal/entries.ts";
import { prepare } from "../equal/prepare.ts";
import { knativeService, virtualService as written } from "../testing/sample-plans.ts";
import { NotRendered, readTrafficBlock, type TrafficBlock } from "./traffic-block.ts";
import { renderTraffic } from "./traffic.ts";
import { type Form, renderServices, renderVirtualService, TRAFFIC_ANNOTATION } from "./virtual-service.ts";

const documentsOf = (...objects: object[]) =>
  objects.flatMap((object, i) => parseDocuments(`${i + 1}.yaml`, JSON.stringify(object)).documents);

function read(...objects: object[]): Resources {
  const { resources, problems } = collectResources(documentsOf(...objects));
  expect(problems).toEqual([]);
  return resources;
}

const states = (traffic?: object[]): object[] => [
  knativeService("credit-check", { revision: "credit-check-basic" }),
  knativeService("credit-check", {
    revision: "credit-check-advanced",
    ...(traffic === undefined ? {} : { traffic }),
  }),
];

const blockOf = (traffic?: object[], latest?: string): TrafficBlock =>
  readTrafficBlock(read(...states(traffic)).knativeServices, latest);

function back(virtualService: object, options: { splitOnly?: boolean; known?: TrafficBlock } = {}) {
  const [source] = read(virtualService).virtualServices;
  if (source === undefined) throw new Error("no VirtualService");
  return renderTraffic(source, { splitOnly: options.splitOnly ?? false, known: options.known });
}

/** Generates splits that Knative accepts: percents that sum to 100, and unique tags. */
const split = fc
  .array(
    fc.record({
      of: fc.constantFrom("credit-check-basic", "credit-check-advanced", "credit-check-old", "@latest"),
      tag: fc.option(fc.constantFrom("basic", "advanced", "old", "next", "a-b")),
      cut: fc.integer({ min: 0, max: 100 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts): TrafficTarget[] => {
    const cuts = [0, ...parts.slice(1).map(({ cut }) => cut), 100].sort((a, b) => a - b);
    const tags = new Set<string>();
    return parts.map(({ of, tag }, i) => {
      const own = tag !== null && !tags.has(tag) ? tag : undefined;
      if (own !== undefined) tags.add(own);
      return {
        ...(of === "@latest" ? { latestRevision: true } : { revisionName: of }),
        ...(own === undefined ? {} : { tag: own }),
        percent: (cuts[i + 1] ?? 0) - (cuts[i] ?? 0),
      };
    });
  });

describe("a split", () => {
  test("survives a round trip unchanged", () => {
    fc.assert(
      fc.property(split, fc.constantFrom<Form>("revisions", "tags"), (traffic, form) => {
        const block = blockOf(traffic);
        const rendered = renderedOrNot(block, form);
        if (rendered === undefined) return;
        expect(back(rendered)).toEqual({ traffic, notes: [] });
      }),
      { numRuns: 200 },
    );
  });

  test("has the same meaning in both forms", () => {
    fc.assert(
      fc.property(split, fc.constantFrom<Form>("revisions", "tags"), (traffic, form) => {
        const rendered = renderedOrNot(blockOf(traffic), form);
        if (rendered === undefined) return;
        const a = { name: "a", documents: documentsOf(...states(traffic)) };
        const b = { name: "b", documents: documentsOf(rendered, ...renderServices(rendered)) };
        const prepared = prepare([a, b], [], "example.com");
        const entries = entriesOf(prepared.a, prepared.b);
        const result = compare(prepared.a, prepared.b, entries, { revisionHeader: undefined });
        expect([prepared.errors, prepared.doubts, result.doubts, result.differences]).toEqual([
          [],
          [],
          [],
          [],
        ]);
        expect(result.verdict).toBe("equal");
        const tags = traffic.filter(({ tag }) => tag !== undefined).length;
        expect(result.compared).toHaveLength(2 * (1 + tags));
      }),
      { numRuns: 25 },
    );
  });

  test("survives a round trip with the same rules without its annotation", () => {
    fc.assert(
      fc.property(split, (traffic) => {
        const rendered = renderVirtualService(blockOf(traffic), { form: "revisions" });
        const { annotations, ...metadata } = rendered.metadata;
        expect(Object.keys(annotations ?? {})).toEqual([TRAFFIC_ANNOTATION]);
        const again = back({ ...rendered, metadata });
        expect(renderVirtualService(blockOf(again.traffic), { form: "revisions" }).spec).toEqual(
          rendered.spec,
        );
      }),
      { numRuns: 200 },
    );
  });

  /** The only split that cannot be rendered has a revision without a tag, in the form of tags. */
  function renderedOrNot(block: TrafficBlock, form: Form) {
    try {
      return renderVirtualService(block, { form });
    } catch (error) {
      expect(error).toBeInstanceOf(NotRendered);
      expect([form, String(error)]).toEqual(["tags", expect.stringContaining("has traffic and no tag")]);
      return undefined;
    }
  }
});

describe("a VirtualService", () => {
  test("omits zero percents, adds up a revision under two tags, and gives a single one all requests", () => {
    const { spec } = renderVirtualService(
      blockOf([
        { revisionName: "credit-check-basic", tag: "basic", percent: 60 },
        { revisionName: "credit-check-basic", tag: "stable", percent: 40 },
        { revisionName: "credit-check-advanced", tag: "advanced", percent: 0 },
      ]),
      { form: "revisions" },
    );
    expect(spec.http[0]).toEqual({
      match: [{ authority: { prefix: "credit-check-split.kyc" } }],
      retries: { attempts: 0 },
      route: [
        {
          destination: { host: "credit-check-basic.kyc.svc.cluster.local", port: { number: 80 } },
          headers: {
            request: {
              set: { "Knative-Serving-Namespace": "kyc", "Knative-Serving-Revision": "credit-check-basic" },
            },
          },
          weight: 100,
        },
      ],
    });
    expect(spec.hosts).toEqual([
      "credit-check-split.kyc.svc.cluster.local",
      "advanced-credit-check-split.kyc.svc.cluster.local",
      "basic-credit-check-split.kyc.svc.cluster.local",
      "stable-credit-check-split.kyc.svc.cluster.local",
    ]);
    expect(spec.gateways).toEqual(["mesh", "knative-serving/knative-local-gateway"]);
  });

  test("may have any host and gateways except Knative's host", () => {
    const { spec, metadata } = renderVirtualService(blockOf(), {
      form: "revisions",
      host: "check.example.com",
      gateways: ["kyc/kyc"],
    });
    expect([metadata.name, spec.hosts, spec.gateways]).toEqual([
      "check-example-com",
      ["check.example.com"],
      ["kyc/kyc"],
    ]);
    expect(() => renderVirtualService(blockOf(), { form: "revisions", host: "credit-check" })).toThrow(
      "credit-check.kyc.svc.cluster.local is Knative's own, which writes its rules itself; choose another with --host",
    );
  });

  test("makes each of its hosts resolve", () => {
    const rendered = renderVirtualService(blockOf(), { form: "revisions" });
    expect(renderServices(rendered)).toEqual([
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "credit-check-split", namespace: "kyc" },
        spec: {
          type: "ExternalName",
          externalName: "knative-local-gateway.istio-system.svc.cluster.local",
          ports: [{ name: "http", port: 80 }],
        },
      },
    ]);
  });

  test("needs the latest revision", () => {
    const unnamed = read(knativeService("credit-check")).knativeServices;
    expect(() => readTrafficBlock(unnamed)).toThrow(
      "1.yaml:1: Knative names the revision of latestRevision; give it with --latest, as in --latest credit-check-00001",
    );
    expect(readTrafficBlock(unnamed, "credit-check-00007").latest).toBe("credit-check-00007");
  });

  test("is not rendered from a split that Knative would reject", () => {
    expect(() => blockOf([{ revisionName: "credit-check-basic", percent: 90 }])).toThrow(
      "2.yaml:1: the percents sum to 90, and 100 are needed; give 10 more",
    );
  });
});

describe("a traffic block", () => {
  const to = (revision: string, weight: number) => ({
    destination: { host: `${revision}.kyc.svc.cluster.local`, port: { number: 80 } },
    weight,
  });
  const once = { retries: { attempts: 0 } };

  test("follows rules that were changed after rendering, and reports it", () => {
    const traffic = [
      { latestRevision: true, tag: "next", percent: 10 },
      { revisionName: "credit-check-basic", percent: 90 },
    ];
    const rendered = renderVirtualService(blockOf(traffic), { form: "revisions" });
    const [first, ...others] = rendered.spec.http;
    const route = [to("credit-check-basic", 1), to("credit-check-advanced", 3)];
    const changed = { ...rendered, spec: { ...rendered.spec, http: [{ ...first, route }, ...others] } };
    expect(back(changed)).toEqual({
      traffic: [
        { revisionName: "credit-check-basic", percent: 25 },
        { revisionName: "credit-check-advanced", tag: "next", percent: 75 },
      ],
      notes: [
        "the rules were changed after rendering, and kyc/knative-traffic is not followed",
        "latestRevision is lost: the rules name revisions",
      ],
    });
  });

  test("cannot express weights that are not whole percents", () => {
    const third = written([
      { ...once, route: [to("credit-check-basic", 1), to("credit-check-advanced", 2)] },
    ]);
    expect(() => back(third)).toThrow(
      "1.yaml:1: credit-check-basic has 1 of 3, which is not a whole percent, as Knative requires",
    );
  });

  test.each([
    [
      "a rule for one path",
      { match: [{ uri: { exact: "/x" } }] },
      "spec.http[0] matches on more than the host",
    ],
    ["a time limit", { timeout: "1s" }, "spec.http[0].timeout is not part of a split"],
    ["retries", { retries: { attempts: 2 } }, "spec.http[0].retries sends failed requests again"],
  ])("cannot express %s, except with --split-only", (_, more, message) => {
    const rule = { ...once, route: [to("credit-check-basic", 100)] };
    const special = written([{ ...rule, ...more }, ...("match" in more ? [rule] : [])]);
    expect(() => back(special)).toThrow(message);
    expect(back(special, { splitOnly: true })).toEqual({
      traffic: [{ revisionName: "credit-check-basic", percent: 100 }],
      notes: [expect.stringContaining(message)],
    });
  });

  test("refuses the subsets of a Kubernetes Service, which are no revisions", () => {
    const destination = (subset: string) => ({ destination: { host: "reviews", subset }, weight: 50 });
    const bySubset = written([{ ...once, route: [destination("v1"), destination("v2")] }]);
    expect(() => back(bySubset)).toThrow(
      "v1 is a subset of reviews.kyc.svc.cluster.local, and a traffic block names revisions of a Knative Service; name the Service of a revision instead of a subset",
    );
  });

  test("needs the Knative Service to look up the host of a tag", () => {
    const byTag = written([
      {
        ...once,
        rewrite: { authority: "basic-credit-check.kyc.svc.cluster.local" },
        route: [{ destination: { host: "knative-local-gateway.istio-system.svc.cluster.local" } }],
      },
    ]);
    expect(() => back(byTag)).toThrow(
      "basic-credit-check.kyc.svc.cluster.local is not the host of a known tag; give the Knative Service's file with --with",
    );
    const known = blockOf([{ revisionName: "credit-check-basic", tag: "basic", percent: 100 }]);
    expect(back(byTag, { known }).traffic).toEqual([
      { revisionName: "credit-check-basic", tag: "basic", percent: 100 },
    ]);
  });
});
