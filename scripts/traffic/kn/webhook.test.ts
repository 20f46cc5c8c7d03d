import { describe, expect, test } from "bun:test";
import type { KnTarget } from "./target.ts";
import { webhookRefusal } from "./webhook.ts";

const LEAD =
  'admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: ';

function pinned(revisionName: string, percent: number, tag?: string): KnTarget {
  return { ...(tag === undefined ? {} : { tag }), revisionName, latestRevision: false, percent };
}

describe("Knative's webhook", () => {
  test("accepts names with a domain prefix", () => {
    expect(webhookRefusal([pinned("example.com/Echo_v1.2", 100, "a")])).toBeUndefined();
  });

  test.each<[string, string]>([
    ["a b", "name part must consist of"],
    ["x".repeat(64), "name part must be no more than 63 characters"],
    ["x/", "name part must be non-empty, name part must consist of"],
    ["/x", "prefix part must be non-empty"],
    ["X_/x", "prefix part a lowercase RFC 1123 subdomain must consist of"],
    ["x/y/z", "a qualified name must consist of"],
  ])("rejects the revision %j, with the reason in a second line", (name, why) => {
    expect(webhookRefusal([pinned("echo-v1", 40), pinned(name, 60)])).toStartWith(
      `${LEAD}invalid key name "${name}": spec.traffic[1].revisionName\n${why}`,
    );
  });

  test("reports equal errors once with all places, in order", () => {
    const refusal = webhookRefusal([pinned("a b", 40, "A"), pinned("a b", 50, "B"), pinned("c", 0, "B")]);
    const lines = (refusal ?? "").replace(LEAD, "").split("\n");
    expect(lines).toEqual([
      'Multiple definitions for "B": spec.traffic[1].tag, spec.traffic[2].tag',
      "Traffic targets sum to 90, want 100: spec.traffic",
      'invalid key name "a b": spec.traffic[0].revisionName, spec.traffic[1].revisionName',
      expect.stringMatching(/^name part must consist of /),
      expect.stringMatching(
        /^invalid value: not a DNS 1035 label: .*: spec\.traffic\.tag\[0\], spec\.traffic\.tag\[1\], spec\.traffic\.tag\[2\]$/,
      ),
    ]);
  });
});
