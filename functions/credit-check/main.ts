import { configured } from "../shared/config.ts";
import { serve } from "../shared/lifecycle.ts";
import { createRuntime } from "../shared/runtime.ts";
import { createApp } from "./app.ts";
import { readCreditCheckConfig } from "./config.ts";
import { variantOf } from "./variants.ts";

const config = configured(() => readCreditCheckConfig(process.env));
const { deps, output } = createRuntime(config);
const variant = variantOf(config.CREDIT_CHECK_VARIANT);
const app = createApp({ ...deps, variant, revision: config.K_REVISION });
serve({ app, config, output, log: deps.log, activity: deps.activity });
