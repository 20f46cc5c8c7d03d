import { describe, expect, test } from "bun:test";
import {
  compiled,
  creditCheck,
  forwardOf,
  HALVES,
  planOf,
  request,
  rulesAt,
  sent,
  to,
  virtualService,
} from "../../traffic/testing/sample-plans.ts";

const OWN = "own.kyc.svc.cluster.local";

describe("a fault", () => {
  test.each<[object, object]>([
    [
      { delay: { percentage: { value: 100 }, fixedDelay: "1.5s" } },
      { delay: { percent: 100, ms: 1500 }, abort: undefined },
    ],
    [
      { abort: { percentage: { value: 0.1 }, httpStatus: 503 } },
      { delay: undefined, abort: { percent: 0.1, status: 503 } },
    ],
    // Envoy counts in millionths.
    [
      { abort: { percentage: { value: 33.33339 }, httpStatus: 503 } },
      { delay: undefined, abort: { percent: 33.3333, status: 503 } },
    ],
    [
      { abort: { percentage: { value: 0.0001 }, httpStatus: 503 } },
      { delay: undefined, abort: { percent: 0.0001, status: 503 } },
    ],
  ])("%j is %j", (fault, expected) => {
    const plan = planOf(...creditCheck(HALVES), virtualService([{ fault, route: [to("basic")] }]));
    expect(forwardOf(rulesAt(plan, "mesh", OWN)[0]).fault).toEqual(expected as never);
  });

  test.each<[object, string]>([
    [
      { abort: { httpStatus: 503 } },
      "3.yaml:12:11: warning: spec.http[0].fault.abort: without a percentage it happens to no request; add percentage: {value: 100}",
    ],
    [
      { delay: { percentage: { value: 10 } } },
      "3.yaml:12:11: warning: spec.http[0].fault.delay: Istio ignores it without fixedDelay; add fixedDelay",
    ],
    [
      { abort: { percentage: { value: 10 } } },
      "3.yaml:12:11: warning: spec.http[0].fault.abort: Istio ignores it without httpStatus; add httpStatus",
    ],
    [
      { delay: { percentage: { value: 0.00001 }, fixedDelay: "1s" } },
      "3.yaml:13:20: error: spec.http[0].fault.delay.percentage.value: 0.00001 is less than Envoy can count; write 0.0001 at least",
    ],
  ])("%j is reported", (fault, expected) => {
    const { problems } = compiled(...creditCheck(HALVES), virtualService([{ fault, route: [to("basic")] }]));
    expect(problems).toEqual([expected]);
  });

  test("aborts the given percentage of requests, and delays independently of aborts", () => {
    const fault = {
      delay: { percentage: { value: 50 }, fixedDelay: "1s" },
      abort: { percentage: { value: 20 }, httpStatus: 418 },
    };
    const plan = planOf(...creditCheck(HALVES), virtualService([{ fault, route: [to("basic")] }]));
    // One number decides both here, so aborted requests are delayed too.
    expect(sent(plan, "mesh", request(OWN), 0.19)).toMatchObject({ kind: "abort", status: 418 });
    expect(sent(plan, "mesh", request(OWN), 0.19).hops[0]).toMatchObject({
      delayMs: 1000,
      destination: undefined,
    });
    expect(sent(plan, "mesh", request(OWN), 0.2)).toMatchObject({ kind: "revision" });
    expect(sent(plan, "mesh", request(OWN), 0.49).hops[0]?.delayMs).toBe(1000);
    expect(sent(plan, "mesh", request(OWN), 0.5).hops[0]?.delayMs).toBe(0);
  });
});

describe("a mirror", () => {
  const mirrored = (rule: object, draw = 0): string[] => {
    const plan = planOf(...creditCheck(HALVES), virtualService([{ ...rule, route: [to("basic")] }]));
    const { hops } = sent(plan, "mesh", request(OWN, "/a?b"), draw);
    return (hops[0]?.mirrored ?? []).map(({ mirror, request: { authority, target, headers } }) => {
      const { backend } = mirror;
      return [backend.kind === "revision" && backend.revision, authority, target, headers.get("host")].join(
        " ",
      );
    });
  };
  const advanced = to("advanced").destination;
  const copy = `kyc/credit-check-advanced ${OWN} /a?b ${OWN}`;

  test.each<[string, object, number, string[]]>([
    ["takes all requests", { mirror: advanced }, 0.99, [copy]],
    ["takes its part of them", { mirror: advanced, mirrorPercentage: { value: 10 } }, 0.09, [copy]],
    ["and no more", { mirror: advanced, mirrorPercentage: { value: 10 } }, 0.1, []],
    ["applies to no request at 0", { mirror: advanced, mirrorPercentage: { value: 0 } }, 0, []],
    [
      "is one of several",
      {
        mirrors: [
          { destination: advanced, percentage: { value: 10 } },
          { destination: to("basic").destination },
        ],
      },
      0.5,
      [`kyc/credit-check-basic ${OWN} /a?b ${OWN}`],
    ],
    [
      "sees the forwarded request",
      { mirror: advanced, rewrite: { uri: "/new/", authority: "x.example:81" } },
      0,
      ["kyc/credit-check-advanced x.example:81 /new/a?b x.example:81"],
    ],
  ])("%s", (_, rule, draw, expected) => {
    expect(mirrored(rule, draw)).toEqual(expected);
  });

  test.each<[object, string]>([
    [
      { mirror: advanced, mirrors: [{ destination: advanced }] },
      "3.yaml:15:9: error: spec.http[0].mirrors: a rule has either mirror or mirrors; write all of them under mirrors",
    ],
    [
      { mirrorPercentage: { value: 5 } },
      "3.yaml:11:9: error: spec.http[0].mirrorPercentage: there is no mirror to which this belongs; add mirror, a host",
    ],
    [
      { mirror: { host: "credit-chek" } },
      "3.yaml:11:15: error: spec.http[0].mirror.host: there is no host credit-chek.kyc.svc.cluster.local; did you mean credit-check.kyc.svc.cluster.local?",
    ],
  ])("%j is reported", (rule, expected) => {
    const { problems } = compiled(
      ...creditCheck(HALVES),
      virtualService([{ ...rule, route: [to("basic")] }]),
    );
    expect(problems).toEqual([expected]);
  });
});
