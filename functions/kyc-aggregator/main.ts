import { configured } from "../shared/config.ts";
import { serve } from "../shared/lifecycle.ts";
import { createRuntime } from "../shared/runtime.ts";
import { createApp } from "./app.ts";
import { readAggregatorConfig } from "./config.ts";

const config = configured(() => readAggregatorConfig(process.env));
const { deps, output } = createRuntime(config);
const app = createApp({
  ...deps,
  creditCheckOrigin: new URL(config.CREDIT_CHECK_URL).origin,
  upstreamTimeoutMs: config.UPSTREAM_TIMEOUT_MS,
  fetch,
});
serve({ app, config, output, log: deps.log, activity: deps.activity });
