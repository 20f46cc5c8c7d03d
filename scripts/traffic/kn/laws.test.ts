import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { computeTraffic } from "./compute.ts";
import { resolved } from "./target.ts";
import { modelOfKn } from "./testing/kn-model.ts";
import { REVISIONS, stateOf } from "./testing/kn-state.ts";
import { webhookRefusal } from "./webhook.ts";

describe("kn's rules for a traffic block", () => {
  const revision = fc.constantFrom(...REVISIONS, "@latest");
  const tag = fc.constantFrom("a", "b", "c", "echo-v1");
  const block = fc
    .uniqueArray(fc.record({ revision, tag: fc.option(tag, { nil: undefined }), percent: fc.nat(100) }), {
      minLength: 1,
      maxLength: 4,
      comparator: (x, y) => x.tag !== undefined && x.tag === y.tag,
    })
    .map((slots) => stateOf(...slots.map((s) => `${s.revision}${s.tag ? `#${s.tag}` : ""} ${s.percent}`)));
  const flags = fc.record({
    untag: fc.array(tag, { maxLength: 2 }),
    tag: fc.array(fc.record({ revision, tag }), { maxLength: 2 }),
    traffic: fc.option(
      fc.array(
        fc.record({
          ref: fc.oneof(revision, tag),
          percent: fc.constantFrom(0, 10, 40, 50, 60, 90, 100, 101),
        }),
        {
          maxLength: 3,
        },
      ),
      { nil: undefined },
    ),
  });

  test("agree with an independent model", () => {
    let agreed = 0;
    fc.assert(
      fc.property(block, flags, (state, { untag, tag, traffic }) => {
        const result = computeTraffic(state, {
          untags: untag,
          tags: tag.map((each) => `${each.revision}=${each.tag}`),
          traffic: traffic?.map(({ ref, percent }) => `${ref}=${percent}`),
        });
        const model = modelOfKn(state, { untag, tag, traffic });
        if ("refusal" in result) return expect(model).toBeUndefined();
        agreed++;
        const seen = result.traffic.map(({ tag = "", revisionName = "@latest", percent }) => {
          return { revision: revisionName, tag, percent };
        });
        expect(seen).toEqual(model ?? []);
        expect(model).toBeDefined();
      }),
      { numRuns: 3_000 },
    );
    expect(agreed).toBeGreaterThan(300);
  });

  test("keep the sum at 100, or are refused by the webhook", () => {
    // The last target gets the remainder to 100.
    const whole = block.map((state) => {
      let left = 100;
      const traffic = state.traffic.map((target, i) => {
        const percent = i === state.traffic.length - 1 ? left : Math.min(left, target.percent);
        left -= percent;
        return { ...target, percent };
      });
      return { ...state, traffic, observed: resolved(traffic, state.latest) };
    });
    let kept = 0;
    fc.assert(
      fc.property(whole, flags, (state, { untag, tag, traffic }) => {
        const result = computeTraffic(state, {
          untags: untag,
          tags: tag.map((each) => `${each.revision}=${each.tag}`),
          traffic: traffic?.map(({ ref, percent }) => `${ref}=${percent}`),
        });
        if ("refusal" in result) return;
        const sum = result.traffic.reduce((all, { percent }) => all + percent, 0);
        expect(webhookRefusal(result.traffic) === undefined).toBe(sum === 100);
        // Only two percentages for one target, by its tag and by its revision, can violate it.
        if (traffic === undefined) expect(sum).toBe(100);
        if (sum === 100) kept++;
      }),
      { numRuns: 2_000 },
    );
    expect(kept).toBeGreaterThan(100);
  });

  test("never change the given state", () => {
    fc.assert(
      fc.property(block, flags, (state, { untag, tag }) => {
        const before = structuredClone(state);
        computeTraffic(state, {
          untags: untag,
          tags: tag.map((each) => `${each.revision}=${each.tag}`),
          traffic: ["100"],
        });
        expect(state).toEqual(before);
      }),
    );
  });
});
