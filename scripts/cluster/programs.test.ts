import { describe, expect, test } from "bun:test";
import { programs } from "./programs.ts";

describe("a program", () => {
  test("completes, and its lines are reported as they come", async () => {
    const lines: string[] = [];
    const ran = await programs.run(["sh", "-c", "echo one; printf 'two\\nthree'; echo four >&2; exit 3"], {
      onLine: (line) => lines.push(line),
    });
    expect(ran).toEqual({ code: 3, out: "one\ntwo\nthree", err: "four\n" });
    expect(lines.sort()).toEqual(["four", "one", "three", "two"]);
  });

  test("gets the environment, and more", async () => {
    const { out } = await programs.run(["sh", "-c", 'echo "$KYC_TEST ${PATH:+path}"'], {
      env: { KYC_TEST: "a b" },
    });
    expect(out).toBe("a b path\n");
  });

  test("that does not exist ends with 127", async () => {
    const ran = await programs.run(["kyc-no-such-program"]);
    expect(ran.code).toBe(127);
    expect(ran.err).toContain("kyc-no-such-program");
    expect(programs.has("kyc-no-such-program")).toBe(false);
    expect(programs.has("sh")).toBe(true);
  });

  test("ends when it is called off", async () => {
    const controller = new AbortController();
    const running = programs.run(["sleep", "60"], { signal: controller.signal });
    controller.abort();
    expect((await running).code).not.toBe(0);
  });
});
