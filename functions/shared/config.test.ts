import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { t } from "elysia";
import {
  ConfigError,
  httpOrigin,
  originMistake,
  quote,
  readConfig,
  serviceSettings,
  type Environment,
} from "./config.ts";

const Settings = t.Object({ ...serviceSettings("test-service"), ITEM_URL: httpOrigin() });
const ITEM_URL = "http://item.example";

function mistakesOf(env: Environment) {
  try {
    readConfig("test-service", Settings, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}

describe("the environment", () => {
  test("has a default for every setting that can have one", () => {
    expect(readConfig("test-service", Settings, { ITEM_URL })).toEqual({
      PORT: 8080,
      HOST: "0.0.0.0",
      K_SERVICE: "test-service",
      K_REVISION: "local",
      K_CONFIGURATION: "test-service",
      DRAIN_MS: 10_000,
      ITEM_URL,
    });
  });

  test("is read as numbers and strings", () => {
    const env = { ITEM_URL, PORT: "9000", HOST: "::1", K_REVISION: "test-00001", DRAIN_MS: "0" };
    expect(readConfig("test-service", Settings, env)).toMatchObject({ PORT: 9000, HOST: "::1", DRAIN_MS: 0 });
  });

  test("yields the default for an empty value", () => {
    expect(readConfig("test-service", Settings, { ITEM_URL, PORT: "" }).PORT).toBe(8080);
  });

  test("is frozen, and contains only the settings of the schema", () => {
    const config = readConfig("test-service", Settings, { ITEM_URL, HOME: "/root" });
    expect(Object.isFrozen(config)).toBe(true);
    expect(config).not.toHaveProperty("HOME");
  });

  test.each([
    ["PORT", "0"],
    ["PORT", "65536"],
    ["PORT", "80a"],
    ["PORT", " 80"],
    ["PORT", "-1"],
    ["PORT", "8080.5"],
    ["PORT", "0x50"],
    ["PORT", "1e3"],
    ["HOST", "not an address"],
    ["K_REVISION", "Upper-Case"],
    ["K_REVISION", "-dash"],
    ["K_REVISION", "x".repeat(64)],
    ["K_SERVICE", "a.b"],
    ["DRAIN_MS", "600001"],
    ["DRAIN_MS", "soon"],
  ])("does not take %s=%p", (name, text) => {
    const mistakes = mistakesOf({ ITEM_URL, [name]: text });
    expect(mistakes.map((mistake) => mistake.name)).toEqual([name]);
    expect(mistakes[0]?.wrong).toBe(`is ${quote(text)}`);
  });

  test("is refused with all its mistakes at once, each with the expected value", () => {
    expect(() => readConfig("test-service", Settings, { PORT: "http", DRAIN_MS: "x" })).toThrow(
      [
        "test-service cannot start: 3 mistakes in its environment",
        '  PORT is "http"; expected a whole number from 1 to 65535',
        '  DRAIN_MS is "x"; expected a whole number from 0 to 600000',
        "  ITEM_URL is not set; expected an absolute http or https URL without user, path or query",
      ].join("\n"),
    );
  });

  test("may have a specific message for a mistake", () => {
    const read = () =>
      readConfig("test-service", Settings, { ITEM_URL: "x" }, { ITEM_URL: () => "is no item" });
    expect(read).toThrow("  ITEM_URL is no item; expected");
  });

  test("is either read or refused with its mistakes, for any content", () => {
    const value = fc.oneof(fc.string(), fc.integer().map(String), fc.webUrl());
    const env = fc.record(Object.fromEntries(Object.keys(Settings.properties).map((name) => [name, value])), {
      requiredKeys: [],
    });
    fc.assert(
      fc.property(env, (given) => {
        const names = mistakesOf(given).map((mistake) => mistake.name);
        expect(names).toEqual([...new Set(names)]);
        for (const name of names) expect(Object.keys(Settings.properties)).toContain(name);
      }),
    );
  });
});

describe("the address of another service", () => {
  test.each([
    "http://a",
    "https://a.b.c:8443",
    "http://127.0.0.1:8081",
    "http://[::1]:80",
    "http://a/",
    "HTTP://A",
  ])("may be %p", (text) => expect(originMistake(text)).toBeUndefined());

  test.each([
    ["credit-check:8080", "is neither http nor https"],
    ["credit-check", "is not an absolute URL"],
    ["http://", "is not an absolute URL"],
    ["http://a:99999", "is not an absolute URL"],
    ["ftp://a", "is neither http nor https"],
    ["http://user@a", "carries a user or a password"],
    ["http://:secret@a", "carries a user or a password"],
    ["http://a/path", "has a path"],
    ["http://a?", "has a query"],
    ["http://a/?x=1", "has a query"],
    ["http://a#x", "has a fragment"],
  ])("may not be %p, which %s", (text, mistake) => expect(originMistake(text)).toBe(mistake));
});

test("a long value is truncated before it is shown", () => {
  expect(quote("x".repeat(100))).toBe(`"${"x".repeat(40)}…"`);
});
