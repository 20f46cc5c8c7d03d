import { Elysia } from "elysia";
import { ofetch } from "ofetch";
import { createApp as createCreditCheck } from "../../functions/credit-check/app.ts";
import { readCreditCheckConfig } from "../../functions/credit-check/config.ts";
import { openWatchLists } from "../../functions/credit-check/screening/lists-in-force.ts";
import { variantOf } from "../../functions/credit-check/variants.ts";
import { createApp as createAggregator } from "../../functions/kyc-aggregator/app.ts";
import { createBuckets } from "../../functions/kyc-aggregator/bucket.ts";
import { APPLICATION } from "../../functions/shared/http/requests.ts";
import { createRuntime } from "../../functions/shared/runtime.ts";
import type { ServiceDeps } from "../../functions/shared/service.ts";

// A service with one part replaced by a no-op, or only Elysia. Configured by the environment:
// PORT, SIDE (`check` or `aggregator`), WITHOUT (a part, `service` for Elysia alone, or empty), CREDIT_CHECK_URL.

const { PORT, SIDE, WITHOUT = "", CREDIT_CHECK_URL = "" } = process.env;
const ANSWER = { type: "BASIC", blackListed: false, backgroundCheckPass: true };
const HEADERS = { "x-kyc-revision": "credit-check-basic" };
const CHECK = "/credit-check/report";
const CUSTOMER = "/kyc/v1/customer";

const { deps } = await createRuntime({ K_SERVICE: "ablated", K_REVISION: "ablated-00001" }, {});

function without(part: string): ServiceDeps {
  const nothing = (): void => {};
  switch (part) {
    case "log":
      return { ...deps, log: { info: nothing, error: nothing } };
    case "metrics":
      return { ...deps, metrics: { ...deps.metrics, request: nothing, upstreamCall: nothing } };
    case "ids":
      return { ...deps, newId: () => "00000000-0000-4000-8000-000000000000" };
    default:
      return deps;
  }
}

async function creditCheck() {
  if (WITHOUT === "service")
    return new Elysia(APPLICATION).get(CHECK, ({ set }) => {
      Object.assign(set.headers, HEADERS);
      return ANSWER;
    });
  const { WATCH_LISTS } = readCreditCheckConfig({ CREDIT_CHECK_VARIANT: "basic" });
  const lists = await openWatchLists(WATCH_LISTS, deps.log);
  const basic = variantOf("basic");
  // An object with any keys replaces the contract's schema.
  const anything = { ...basic.answer, properties: {}, required: [], additionalProperties: true };
  return createCreditCheck({
    ...without(WITHOUT),
    variant: WITHOUT === "schema" ? { ...basic, answer: anything } : basic,
    revision: "credit-check-basic",
    context: () => ({
      lists: lists.current,
      get today() {
        return new Date().toISOString().slice(0, 10);
      },
    }),
  });
}

function aggregator() {
  if (WITHOUT === "service" || WITHOUT === "service but ofetch") {
    const json = async (url: string): Promise<object> =>
      WITHOUT === "service" ? Object(await (await fetch(url)).json()) : await ofetch(url);
    return new Elysia(APPLICATION).get(CUSTOMER, async () => ({
      ...(await json(`${CREDIT_CHECK_URL}${CHECK}`)),
    }));
  }
  return createAggregator({
    ...without(WITHOUT),
    creditCheckOrigin: CREDIT_CHECK_URL,
    upstreamTimeoutMs: 3000,
    // Without the hop, the answer is created here, and ofetch gets it at once.
    fetch: WITHOUT === "hop" ? async () => Response.json(ANSWER, { headers: HEADERS }) : fetch,
    bucketOf: createBuckets(""),
  });
}

const listening = { hostname: "127.0.0.1", port: Number(PORT), development: false };
if (SIDE === "aggregator") aggregator().listen(listening);
else (await creditCheck()).listen(listening);
