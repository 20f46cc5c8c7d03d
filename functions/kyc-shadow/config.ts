import { t } from "elysia";
import {
  httpOrigin,
  originMistake,
  readConfig,
  serviceSettings,
  wholeNumber,
  type Environment,
} from "../shared/config.ts";
import type { Rules } from "./comparison/compare.ts";
import { readSegments, type SegmentField } from "./comparison/segments.ts";

const SERVICE = "kyc-shadow";
const FIELD = "[A-Za-z_][\\w.-]*";

const Settings = t.Object({
  ...serviceSettings(SERVICE),
  SHADOW_CONTROL: httpOrigin(),
  SHADOW_CANDIDATE: httpOrigin(),
  SHADOW_REPEAT_PERCENT: wholeNumber({ from: 0, to: 100, default: 5 }),
  SHADOW_PASS_WHEN_TRUE: t.String({
    pattern: `^(${FIELD}(,${FIELD})*)?$`,
    default: "",
    description: "names of boolean fields, separated by commas",
  }),
  SHADOW_IGNORE: t.String({
    pattern: `^(${FIELD}=[^;=]+(;${FIELD}=[^;=]+)*)?$`,
    default: "",
    description:
      "fields with the reason why they are not compared, as in type=names the version; others after a semicolon",
  }),
  SHADOW_SEGMENTS: t.String({
    pattern: "^([A-Za-z_][\\w-]*(:age)?(,[A-Za-z_][\\w-]*(:age)?)*)?$",
    default: "",
    description: "fields of the request, separated by commas; a date with :age becomes a band of ages",
  }),
  SHADOW_ID: t.String({
    pattern: `^(${FIELD})?$`,
    default: "",
    description: "the field of the request by whose keyed hash a mismatch is found again",
  }),
  SHADOW_KEY: t.String({
    pattern: "^(.{16,})?$",
    default: "",
    description: "a secret of at least 16 characters",
  }),
  SHADOW_MISMATCHES: wholeNumber({ from: 0, to: 1000, default: 20 }),
  SHADOW_CONCURRENCY: wholeNumber({ from: 1, to: 1000, default: 16 }),
  SHADOW_RATE: wholeNumber({ from: 1, to: 100_000, default: 200 }),
  UPSTREAM_TIMEOUT_MS: wholeNumber({ from: 1, to: 60_000, default: 3000 }),
});

/**
 * The configuration of the comparison.
 * @throws {ConfigError} with all mistakes of the environment
 */
export const readShadowConfig = (env: Environment) =>
  readConfig(SERVICE, Settings, env, {
    // The values are not repeated: one is a secret, and the others may contain a password.
    SHADOW_KEY: () => "is too short",
    SHADOW_CONTROL: (text) => originMistake(text) ?? "is not an address",
    SHADOW_CANDIDATE: (text) => originMistake(text) ?? "is not an address",
  });

/** The parsed settings. */
export type ShadowConfig = ReturnType<typeof readShadowConfig>;

/** How fields are read, by the configuration. */
export function rulesOf(config: Pick<ShadowConfig, "SHADOW_PASS_WHEN_TRUE" | "SHADOW_IGNORE">): Rules {
  const ignored = config.SHADOW_IGNORE.split(";").filter((item) => item !== "");
  return {
    passWhenTrue: new Set(config.SHADOW_PASS_WHEN_TRUE.split(",").filter((name) => name !== "")),
    ignored: new Map(
      ignored.map((item) => {
        const [name = "", reason = ""] = item.split("=");
        return [name, reason.trim()];
      }),
    ),
  };
}

/** The fields that define segments, by the configuration. */
export function segmentsOfConfig({ SHADOW_SEGMENTS }: Pick<ShadowConfig, "SHADOW_SEGMENTS">): SegmentField[] {
  return readSegments(SHADOW_SEGMENTS) ?? [];
}
