import { t } from "elysia";
import { readConfig, serviceSettings, type Environment } from "../shared/config.ts";
import { unknownVariant, variantNames } from "./variants.ts";

const SERVICE = "credit-check";

const Settings = t.Object({
  ...serviceSettings(SERVICE),
  CREDIT_CHECK_VARIANT: t.Union(
    variantNames.map((name) => t.Literal(name)),
    { description: `one of ${variantNames.join(", ")}` },
  ),
  WATCH_LISTS: t.String({
    pattern: "^([^,\\s]+(,[^,\\s]+)*)?$",
    default: "",
    description: "paths of CSV files, separated by commas",
  }),
});

/**
 * The credit check's configuration.
 * @throws {ConfigError} with all mistakes of the environment
 */
export const readCreditCheckConfig = (env: Environment) =>
  readConfig(SERVICE, Settings, env, { CREDIT_CHECK_VARIANT: unknownVariant });
