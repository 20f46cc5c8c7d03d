import { describe, expect, test } from "bun:test";
import { creditCheck, HALVES, planOf } from "../../traffic/testing/sample-plans.ts";
import type { Fault } from "./fault.ts";
import { Faults, InvalidFault } from "./faults.ts";
import { faultFilters, faultYaml, OVERLAY } from "./overlay.ts";

const { services } = planOf(...creditCheck(HALVES));
const BASIC = "kyc/credit-check-basic";

const fault = (more: Partial<Fault> = {}): Fault => ({
  service: "credit-check",
  revision: "credit-check-basic",
  error: { percent: 5, status: 503 },
  ...more,
});

describe("the faults of a mesh", () => {
  test("are the fields of a VirtualService at the revision's own host", () => {
    const faults = new Faults();
    faults.change({ set: fault({ delay: { percent: 100, ms: 1500 } }) }, services);
    expect(faults.state(services).yaml)
      .toBe(`# credit-check-basic: answers 5 % with 503, holds all for 1500 ms
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: fault-credit-check-basic
  namespace: kyc
spec:
  hosts:
    - credit-check-basic.kyc.svc.cluster.local
  http:
    - fault:
        delay:
          percentage:
            value: 100
          fixedDelay: 1500ms
        abort:
          percentage:
            value: 5
          httpStatus: 503
      retries:
        attempts: 0
      route:
        - destination:
            host: credit-check-basic.kyc.svc.cluster.local
            port:
              number: 80
          headers:
            request:
              set:
                Knative-Serving-Namespace: kyc
                Knative-Serving-Revision: credit-check-basic
`);
  });

  test("are compiled from that text, with its lines as positions", () => {
    const placed = [
      { ...fault(), namespace: "kyc" },
      { ...fault({ revision: "credit-check-advanced", delay: { percent: 20, ms: 200 } }), namespace: "kyc" },
    ];
    const filters = faultFilters(placed, services);
    expect([...filters.keys()]).toEqual([BASIC, "kyc/credit-check-advanced"]);
    expect(filters.get(BASIC)?.action.fault).toEqual({
      delay: undefined,
      abort: { percent: 5, status: 503 },
    });
    const second = filters.get("kyc/credit-check-advanced");
    expect(second?.action.fault?.delay).toEqual({ percent: 20, ms: 200 });
    expect(second?.at.file).toBe(OVERLAY);
    expect(faultYaml(placed).split("\n")[(second?.at.line ?? 0) - 1]).toContain("- fault:");
  });

  test("replace the earlier fault of the revision, by its name or its tag", () => {
    const faults = new Faults();
    faults.change({ set: fault() }, services);
    faults.change({ set: fault({ revision: "basic", error: { percent: 50, status: 500 } }) }, services);
    expect(faults.state(services).faults).toEqual([fault({ error: { percent: 50, status: 500 } })]);
  });

  test("are cleared one by one, by service, or all", () => {
    const both = (): Faults => {
      const faults = new Faults();
      faults.change({ set: fault() }, services);
      faults.change({ set: fault({ revision: "advanced" }) }, services);
      return faults;
    };
    const left = (clear: { service?: string; revision?: string }): string[] => {
      const faults = both();
      faults.change({ clear }, services);
      return faults.state(services).faults.map(({ revision }) => revision);
    };
    expect(left({ service: "credit-check", revision: "basic" })).toEqual(["credit-check-advanced"]);
    expect(left({ revision: "credit-check-advanced" })).toEqual(["credit-check-basic"]);
    expect(left({ service: "credit-check" })).toEqual([]);
    expect(left({ service: "another" })).toHaveLength(2);
    expect(left({})).toEqual([]);
  });

  test.each([
    [fault({ service: "credit-chekc" }), "there is no service credit-chekc: did you mean credit-check?"],
    [
      fault({ revision: "advancd" }),
      "the service credit-check has no revision advancd: did you mean advanced?",
    ],
    [
      { service: "credit-check", revision: "basic" },
      "this fault has no effect: give an error, a delay or both",
    ],
  ])("of an unknown service or revision are refused with the nearest name", (set, message) => {
    const faults = new Faults();
    expect(() => faults.change({ set }, services)).toThrow(message);
    expect(() => faults.change({ set }, services)).toThrow(InvalidFault);
    expect(faults.filters(services).size).toBe(0);
  });

  test("that are not set cannot be cleared, and the most similar name is suggested", () => {
    const faults = new Faults();
    expect(() => faults.change({ clear: { revision: "basic" } }, services)).toThrow("no fault is set");
    faults.change({ set: fault() }, services);
    expect(() => faults.change({ clear: { revision: "credit-check-basik" } }, services)).toThrow(
      "did you mean credit-check-basic?",
    );
  });

  test("of a removed revision apply again when it is back", () => {
    const faults = new Faults();
    faults.change({ set: fault() }, services);
    const without = services.map((service) => ({ ...service, revisions: service.revisions.slice(1) }));
    expect(faults.filters(without).size).toBe(0);
    expect(faults.state(without)).toEqual({ faults: [], yaml: "" });
    expect(faults.filters(services).size).toBe(1);
  });
});
