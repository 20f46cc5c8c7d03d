import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { describeError } from "./safe-error.ts";

class ExampleError extends Error {
  override name = "ExampleError";
}

function thrown(throwIt: () => unknown): unknown {
  try {
    throwIt();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("an error in the log", () => {
  test("has its class and its positions in the code", () => {
    const described = describeError(
      thrown(() => {
        throw new ExampleError("secret");
      }),
    );
    expect(described).toMatchObject({ error: "ExampleError" });
    expect(described["at"]).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^functions\/shared\/telemetry\/safe-error\.test\.ts:\d+$/),
      ]),
    );
  });

  test("has its code if that is a code, also of its cause", () => {
    const cause = Object.assign(new TypeError("secret"), { code: "ECONNREFUSED" });
    const error = Object.assign(new Error("secret", { cause }), { code: "my secret" });
    expect(describeError(error)).toMatchObject({
      error: "Error",
      code: undefined,
      cause: { error: "TypeError", code: "ECONNREFUSED" },
    });
  });

  test.each([["secret"], [undefined], [null], [42], [{ message: "secret" }]])(
    "is only its type if it is %p",
    (value) => expect(describeError(value)).toEqual({ error: value === null ? "object" : typeof value }),
  );

  test("never has the message, for any message", () => {
    const secret = "4929-1234";
    const message = fc
      .tuple(
        fc.string({ unit: "binary" }),
        fc.constantFrom("", "\n", "\n    at x (/", "\n    at /etc/"),
        fc.string(),
      )
      .map(([before, between, after]) => `${before}${between}${secret}${after}:12:34)`);
    fc.assert(
      fc.property(message, (text) => {
        const error = new ExampleError(text, { cause: new TypeError(text) });
        expect(JSON.stringify(describeError(error))).not.toContain(secret);
      }),
    );
  });

  test("has no positions if the stack's head is not the expected one", () => {
    const error = new Error("before");
    void error.stack;
    error.message = "after";
    expect(describeError(error)["at"]).toBeUndefined();
    error.stack = "    at secret (/secret.ts:1:2)";
    expect(describeError(error)["at"]).toBeUndefined();
  });
});
