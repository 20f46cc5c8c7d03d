import { t } from "elysia";
import {
  httpOrigin,
  originMistake,
  readConfig,
  serviceSettings,
  wholeNumber,
  type Environment,
} from "../shared/config.ts";

const SERVICE = "kyc-aggregator";

const Settings = t.Object({
  ...serviceSettings(SERVICE),
  CREDIT_CHECK_URL: httpOrigin(),
  BUCKET_KEY: t.String({
    pattern: "^(.{16,})?$",
    default: "",
    description: "a secret of at least 16 characters",
  }),
  UPSTREAM_TIMEOUT_MS: wholeNumber({ from: 1, to: 60_000, default: 3000 }),
});

/**
 * The aggregator's configuration.
 * @throws {ConfigError} with all mistakes of the environment
 */
export const readAggregatorConfig = (env: Environment) =>
  readConfig(SERVICE, Settings, env, {
    // The values are not repeated: one is a secret, and the other may contain a password.
    BUCKET_KEY: () => "is too short",
    CREDIT_CHECK_URL: (text) => originMistake(text) ?? "is not an address",
  });
