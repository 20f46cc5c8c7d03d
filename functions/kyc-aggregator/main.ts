import { configured } from "../shared/config.ts";
import { serve } from "../shared/lifecycle.ts";
import { createRuntime } from "../shared/runtime.ts";
import { createApp } from "./app.ts";
import { createBuckets } from "./bucket.ts";
import { readAggregatorConfig } from "./config.ts";

const config = configured(() => readAggregatorConfig(process.env));
const { deps, output } = await createRuntime(config, process.env);
if (config.BUCKET_KEY === "")
  deps.log.info("BUCKET_KEY is not set: buckets are random, and applicants do not stay on a version");
const app = createApp({
  ...deps,
  creditCheckOrigin: new URL(config.CREDIT_CHECK_URL).origin,
  upstreamTimeoutMs: config.UPSTREAM_TIMEOUT_MS,
  fetch,
  bucketOf: createBuckets(config.BUCKET_KEY),
});
serve({ app, config, output, log: deps.log, activity: deps.activity });
