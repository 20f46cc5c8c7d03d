import { configured, refuseToStart } from "../shared/config.ts";
import { serve } from "../shared/lifecycle.ts";
import { createRuntime } from "../shared/runtime.ts";
import { createApp } from "./app.ts";
import { readCreditCheckConfig } from "./config.ts";
import { openWatchLists, watchListMetrics } from "./screening/lists-in-force.ts";
import { variantOf } from "./variants.ts";

const RELOAD_MS = 5000;

const config = configured(() => readCreditCheckConfig(process.env));
const { deps, output } = await createRuntime(config, process.env);
const lists = await openWatchLists(config.WATCH_LISTS, deps.log).catch(refuseToStart);
setInterval(() => void lists.reload(), RELOAD_MS).unref();
deps.metrics.append(() => watchListMetrics(lists.current));
const context = () => ({
  lists: lists.current,
  // Only a screening needs the date, and formatting it costs more than the rest of a response.
  get today() {
    return new Date().toISOString().slice(0, 10);
  },
});
const variant = variantOf(config.CREDIT_CHECK_VARIANT);
const app = createApp({ ...deps, variant, revision: config.K_REVISION, context });
serve({ app, config, output, log: deps.log, activity: deps.activity });
