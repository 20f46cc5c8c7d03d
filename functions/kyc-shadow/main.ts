import { configured } from "../shared/config.ts";
import { serve } from "../shared/lifecycle.ts";
import { createRuntime } from "../shared/runtime.ts";
import { createApp } from "./app.ts";
import { readShadowConfig, rulesOf, segmentsOfConfig } from "./config.ts";

const config = configured(() => readShadowConfig(process.env));
const { deps, output } = await createRuntime(config, process.env);
if (config.SHADOW_KEY === "")
  deps.log.info("SHADOW_KEY is not set: hashes of mismatches are valid for this process only");
const app = createApp({
  ...deps,
  control: new URL(config.SHADOW_CONTROL).origin,
  candidate: new URL(config.SHADOW_CANDIDATE).origin,
  rules: rulesOf(config),
  segments: segmentsOfConfig(config),
  repeatShare: config.SHADOW_REPEAT_PERCENT / 100,
  idField: config.SHADOW_ID,
  key: config.SHADOW_KEY === "" ? crypto.randomUUID() : config.SHADOW_KEY,
  mostMismatches: config.SHADOW_MISMATCHES,
  concurrency: config.SHADOW_CONCURRENCY,
  rate: config.SHADOW_RATE,
  timeoutMs: config.UPSTREAM_TIMEOUT_MS,
  fetch,
  now: Date.now,
  random: Math.random,
});
serve({ app, config, output, log: deps.log, activity: deps.activity });
