import { createApp as createCreditCheck } from "../../credit-check/app.ts";
import { withoutLists } from "../../credit-check/testing/contexts.ts";
import { variantOf } from "../../credit-check/variants.ts";
import type { Fetch } from "../../shared/upstream/exchange.ts";
import { fakeService, request } from "../../shared/testing/fakes.ts";
import { createApp } from "../app.ts";
import { createBuckets } from "../bucket.ts";

/** The seven flags, none raised, in the contract's order. */
export const FLAGS =
  '"blackListed":false,"restrictedNational":false,"suspiciousActivity":false,"interpolConductBad":false,"militaryTrained":false,"employmentBad":false,"creditUsageBad":false';
/** The aggregator's answer for each check, byte for byte. */
export const BASIC = `{"type":"BASIC",${FLAGS},"backgroundCheckPass":true}`;
export const ADVANCED = `{"type":"ADVANCED",${FLAGS},"backgroundCheckPass":true}`;
/** The two paths of a customer. */
export const PREFIXES = ["/kyc/v1/customer", "/ingress/kyc/v1/customer"];

/** The contract's error with this sentence, byte for byte. */
export const failure = (sentence: string) =>
  `{"errorCode":"KYC-10001","errorMessage":"error occurred when processing KYC - ${sentence}","type":"KYC"}`;

/** The credit check of one variant, as a `fetch`. */
function creditCheck(name: string): (url: string, init?: RequestInit) => Promise<Response> {
  const revision = `credit-check-${name}`;
  const deps = { ...fakeService().deps, variant: variantOf(name), revision, context: withoutLists };
  const app = createCreditCheck(deps);
  return (url, init) => app.handle(new Request(url, init));
}

/** All variants behind one address: each at its own path, and `split` at the common path. */
export function mesh(split: string): Fetch {
  return (input, init) => {
    const path = new URL(String(input)).pathname.replace("/credit-check/", "");
    return creditCheck(path === "report" ? split : path)(String(input), init);
  };
}

/** An aggregator whose credit check is `fetch`. */
export function aggregator(fetch: Fetch, timeoutMs = 2000) {
  const fake = fakeService({ service: "kyc-aggregator", revision: "kyc-aggregator-00001" });
  const app = createApp({
    ...fake.deps,
    creditCheckOrigin: "http://credit-check.internal:8081",
    upstreamTimeoutMs: timeoutMs,
    fetch,
    bucketOf: createBuckets("a key for tests only"),
  });
  return { ...fake, app, ask: (path: string, init?: RequestInit) => app.handle(request(path, init)) };
}
