import { describe, expect, test } from "bun:test";
import { UsageError, UserError } from "../cluster/user-error.ts";
import { originOf, versionsOf } from "./versions.ts";

const target = (revision: string, tag: string | undefined, percent: number) => ({
  revision,
  tag,
  percent,
  latest: false,
});
const TARGETS = [
  target("check-a", "a", 20),
  target("check-b", "b", 70),
  target("check-c", "c", 10),
  target("check-d", undefined, 0),
];
const of = (to: string, from?: string) => versionsOf("check", TARGETS, { to, from });

describe("the versions that are compared", () => {
  test("are the candidate, by tag or revision, and the other one with the largest share", () => {
    expect(of("a")).toEqual({
      candidate: { tag: "a", revision: "check-a" },
      control: { tag: "b", revision: "check-b" },
    });
    expect(of("check-b").control.tag).toBe("a");
    expect(of("a", "c").control.tag).toBe("c");
  });

  test("are refused if they are unknown, the same, or have no tag", () => {
    expect(() => of("x")).toThrow(UsageError);
    expect(() => of("check-dd")).toThrow("check has no version check-dd: did you mean check-d?");
    expect(() => of("a", "check-a")).toThrow("compared with itself");
    expect(() => of("check-d")).toThrow("./kyc split check --tag check-d=TAG");
    expect(() => versionsOf("check", [target("check-a", "a", 100)], { to: "a" })).toThrow(UserError);
  });

  test("answer by the host of their tag", () => {
    expect(originOf({ tag: "a", revision: "check-a" }, "check", "bank")).toBe(
      "http://a-check.bank.svc.cluster.local",
    );
  });
});
