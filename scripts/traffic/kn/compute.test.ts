import { describe, expect, test } from "bun:test";
import { computeTraffic, type KnState } from "./compute.ts";
import { readList } from "./list.ts";
import { stateOf } from "./testing/kn-state.ts";
import { webhookRefusal } from "./webhook.ts";

/** Returns the state after kn's flags, in the same notation, or the refusal. */
function updated(state: KnState, ...args: string[]): string[] | string {
  const of = (flag: "--traffic" | "--tag" | "--untag") =>
    args.flatMap((arg, i) => {
      if (args[i - 1] !== flag) return [];
      const list = readList(flag, arg);
      if ("refusal" in list) throw new Error(list.refusal);
      return list.items;
    });
  const result = computeTraffic(state, {
    traffic: args.includes("--traffic") ? of("--traffic") : undefined,
    tags: of("--tag"),
    untags: of("--untag"),
  });
  if ("refusal" in result) return result.refusal;
  return result.traffic.map(
    ({ tag, revisionName = "@latest", percent }) =>
      `${revisionName}${tag === undefined ? "" : `#${tag}`} ${percent}`,
  );
}

describe("kn's rules for a traffic block", () => {
  test.each<[string, string[], string[], string[]]>([
    ["@latest is tagged by name", ["@latest 100"], ["--tag", "@latest=new"], ["@latest#new 100"]],
    ["a tag without a reference is for @latest", ["@latest 100"], ["--tag", "new"], ["@latest#new 100"]],
    ["an existing tag changes nothing", ["echo-v1#a 100"], ["--tag", "echo-v1=a"], ["echo-v1#a 100"]],
    ["a percent without a reference is for @latest", ["@latest 100"], ["--traffic", "100"], ["@latest 100"]],
    [
      "a percent sign may follow",
      ["@latest 90", "echo-v1 10"],
      ["--traffic", "@latest=10%,echo-v1=90%"],
      ["@latest 10", "echo-v1 90"],
    ],
    [
      "a leading plus sign is allowed",
      ["@latest 90", "echo-v1 10"],
      ["--traffic", "@latest=+10,echo-v1=090"],
      ["@latest 10", "echo-v1 90"],
    ],
    [
      "new tags have no share",
      ["@latest#new 100"],
      ["--tag", "echo-v0=stale,echo-v1=old"],
      ["@latest#new 100", "echo-v0#stale 0", "echo-v1#old 0"],
    ],
    [
      "@latest is added if it is missing",
      ["echo-v1#old 100"],
      ["--traffic", "@latest=2,echo-v1=98"],
      ["echo-v1#old 98", "@latest 2"],
    ],
    [
      "tags are set before traffic",
      ["echo-v1#v1 100"],
      ["--traffic", "v1=10,v2=90", "--tag", "echo-v2=v2"],
      ["echo-v1#v1 10", "echo-v2#v2 90"],
    ],
    [
      "tags are removed before they are set",
      ["echo-v1#new 50", "echo-v2 50"],
      ["--tag", "echo-v1=old,echo-v2=new", "--untag", "new"],
      ["echo-v1#old 50", "echo-v2#new 50"],
    ],
    [
      "a second tag is a separate target",
      ["echo-v1#a 100"],
      ["--tag", "echo-v1=b"],
      ["echo-v1#a 100", "echo-v1#b 0"],
    ],
    [
      "a second tag is separate even if an untagged target follows",
      ["echo-v1#a 50", "echo-v1 50"],
      ["--tag", "echo-v1=b"],
      ["echo-v1#a 50", "echo-v1 50", "echo-v1#b 0"],
    ],
    [
      "a target without tag and share is removed",
      ["echo-v1 40", "echo-v2#b 60"],
      ["--traffic", "b=100"],
      ["echo-v2#b 100"],
    ],
    [
      "a target that loses its tag and has no share is removed",
      ["echo-v1#a 0", "echo-v2 100"],
      ["--untag", "a"],
      ["echo-v2 100"],
    ],
    [
      "a name is looked up as a tag first, then as a revision",
      ["echo-v1 50", "echo-v2#echo-v1 50"],
      ["--traffic", "echo-v1=100"],
      ["echo-v2#echo-v1 100"],
    ],
    [
      "a revision that is not in the block is added",
      ["@latest 100"],
      ["--traffic", "echo-v9=10,@latest=90"],
      ["@latest 90", "echo-v9 10"],
    ],
    [
      "the remainder goes to the one that is missing",
      ["echo-v0 0", "echo-v1 0", "echo-v2 100"],
      ["--traffic", "echo-v0=10,echo-v1=10"],
      ["echo-v0 10", "echo-v1 10", "echo-v2 80"],
    ],
    [
      "@latest counts as its revision for the remainder",
      ["echo-v0 0", "echo-v1 0", "@latest 100"],
      ["--traffic", "echo-v0=10,@latest=20"],
      ["echo-v0 10", "echo-v1 70", "@latest 20"],
    ],
    [
      "if no target is left, all goes to the latest revision, as without a block",
      ["echo-v1 40", "echo-v2 60"],
      ["--traffic", ""],
      ["@latest 100"],
    ],
  ])("%s", (_, before, flags, after) => {
    expect(updated(stateOf(...before), ...flags)).toEqual(after);
  });

  test.each<[string, string[], string]>([
    [
      "@latest 100",
      ["--traffic", "@latest=100=latest"],
      "expecting the value format in value1=value2, given @latest=100=latest",
    ],
    ["@latest 100", ["--tag", "@latest="], "expecting the value format in value1=value2, given @latest="],
    ["@latest 100", ["--traffic", "=5"], "expecting the value format in value1=value2, given =5"],
    [
      "@latest 100",
      ["--traffic", "@latest=100p"],
      "error converting given 100p to integer value for traffic distribution",
    ],
    [
      "@latest 100",
      ["--traffic", "50%"],
      "error converting given 50% to integer value for traffic distribution",
    ],
    [
      "@latest 100",
      ["--traffic", "@latest=9.5"],
      "error converting given 9.5 to integer value for traffic distribution",
    ],
    [
      "@latest 100",
      ["--traffic", "@latest=9223372036854775808"],
      "error converting given 9223372036854775808 to integer value for traffic distribution",
    ],
    [
      "@latest 100",
      ["--traffic", "@latest=90,"],
      "repetition of identifier @latest is not allowed, use only once with --traffic flag",
    ],
    [
      "@latest 100",
      ["--traffic", "@latest=-100"],
      "invalid value for traffic percent -100, expected 0 <= percent <= 100",
    ],
    [
      "@latest 100",
      ["--traffic", "@latest=101"],
      "invalid value for traffic percent 101, expected 0 <= percent <= 100",
    ],
    ["@latest 100", ["--traffic", "@latest=40,echo-v1=70"], "given traffic percents sum to 110, want <=100"],
    [
      "@latest 100",
      ["--traffic", "@latest=10", "--traffic", "@latest=90"],
      "repetition of identifier @latest is not allowed, use only once with --traffic flag",
    ],
    [
      "@latest 100",
      ["--traffic", "echo-v1=40", "--traffic", "echo-v1=60"],
      "repetition of revision reference echo-v1 is not allowed, use only once with --traffic flag",
    ],
    [
      "@latest 100",
      ["--tag", "new,current"],
      "repetition of identifier @latest is not allowed, use only once with --tag flag",
    ],
    [
      "echo-v2#stable 100",
      ["--tag", "@latest=stable"],
      "refusing to overwrite existing tag in service, add flag '--untag stable' in command to untag it",
    ],
    [
      "@latest#new 100",
      ["--tag", "echo-v2=new"],
      "refusing to overwrite existing tag in service, add flag '--untag new' in command to untag it",
    ],
    [
      "@latest#candidate 100",
      ["--tag", "@latest=current"],
      "tag 'candidate' exists on latest ready revision of service, refusing to overwrite existing tag with 'current', add flag '--untag candidate' in command to untag it",
    ],
    [
      "echo-v1#a 100",
      ["--untag", "foo", "--untag", "a,bar"],
      "tag(s) foo, bar not present for any revisions of service echo",
    ],
    [
      "echo-v1 100",
      ["--traffic", "echo-v1=10"],
      "unable to allocate the remaining traffic: 90%. Reason: incorrect number of revisions specified. Only 1 revision should be missing",
    ],
  ])("in %s, %j is refused with kn's message", (before, flags, sentence) => {
    expect(updated(stateOf(before), ...flags)).toBe(sentence);
  });

  test("of two mistakes the one that kn checks first is reported", () => {
    const state = stateOf("@latest 100");
    expect(updated(state, "--traffic", "a=1=2", "--tag", "x,y")).toMatch(
      /^repetition of identifier @latest .* --tag/,
    );
    expect(updated(state, "--traffic", "a=200", "--untag", "b")).toMatch(/^invalid value/);
    expect(updated(state, "--traffic", "a=7x,a=200")).toMatch(/^error converting given 7x/);
  });

  test.each<[string, string, string]>([
    ["a revision of the block is gone", "echo-v9 50", "echo-v1=30"],
    ["@latest is named and no revision was ever ready", "@latest 50", "@latest=30"],
  ])("the remainder cannot be assigned if %s", (_, other, traffic) => {
    const state = { ...stateOf(other, "echo-v1 50"), latest: undefined };
    expect(updated(state, "--traffic", traffic)).toEndWith("Reason: cannot determine the missing revision");
  });

  test("a target named by its tag may get the remainder too, as in kn, which the webhook rejects", () => {
    const state = stateOf("echo-v1#stable 50", "echo-v2#next 50");
    const result = computeTraffic(state, { traffic: ["stable=30"], tags: [], untags: [] });
    if ("refusal" in result) throw new Error(result.refusal);
    expect(result.traffic.map(({ percent }) => percent)).toEqual([70, 0]);
    expect(webhookRefusal(result.traffic)).toEndWith("Traffic targets sum to 70, want 100: spec.traffic");
  });
});
