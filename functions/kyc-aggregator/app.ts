import { Elysia } from "elysia";
import { Applicant } from "../shared/applicant.ts";
import type { Fetch } from "../shared/upstream/exchange.ts";
import { readJsonBody } from "../shared/http/json-body.ts";
import { APPLICATION } from "../shared/http/requests.ts";
import { createService, type Handling, type ServiceDeps } from "../shared/service.ts";
import { createUpstream } from "../shared/upstream/upstream.ts";
import type { BucketOf } from "./bucket.ts";
import { customer, type CustomerRequest } from "./customer.ts";
import { description, documentCustomer } from "./docs.ts";
import { unforeseenFailure } from "./failure.ts";
import { CreditCheckAnswer, Customer } from "./model.ts";

/** The dependencies of the aggregator: the address of the credit check, how to call it, and those of every service. */
export interface AggregatorDeps extends ServiceDeps {
  /** Scheme, host and port. */
  readonly creditCheckOrigin: string;
  /** From the call to the last byte of the answer, in milliseconds. */
  readonly upstreamTimeoutMs: number;
  readonly fetch: Fetch;
  readonly bucketOf: BucketOf;
}

const CUSTOMER = "/kyc/v1/customer";
const CUSTOMER_THROUGH_INGRESS = `/ingress${CUSTOMER}`;

/** Makes the aggregator. */
export const createApp = (deps: AggregatorDeps) =>
  createService(deps, {
    routes: (handling) => customers(handling, deps),
    description,
    headers: {},
    unforeseen: (route) => (route.endsWith(CUSTOMER) ? unforeseenFailure() : undefined),
  });

function customers(handling: Handling, deps: AggregatorDeps) {
  const { bucketOf, clock, creditCheckOrigin, fetch, metrics, upstreamTimeoutMs } = deps;
  const creditCheck = createUpstream({
    name: "credit-check",
    self: "kyc-aggregator",
    origin: creditCheckOrigin,
    answer: CreditCheckAnswer,
    timeoutMs: upstreamTimeoutMs,
    fetch,
    clock,
    metrics,
  });
  // The contract accepts any query and any header, so a GET needs no validation.
  const schemas = { response: { 200: Customer } };
  const answer = customer(creditCheck, bucketOf);
  const find = ({ call, request }: Omit<CustomerRequest, "body">) => answer({ call, request });
  const applicant = { ...schemas, body: Applicant, parse: readJsonBody };
  return new Elysia({ name: "kyc-aggregator", ...APPLICATION })
    .use(handling)
    .get(CUSTOMER, find, { ...schemas, detail: documentCustomer("customer") })
    .get(CUSTOMER_THROUGH_INGRESS, find, { ...schemas, detail: documentCustomer("customerThroughIngress") })
    .post(CUSTOMER, answer, { ...applicant, detail: documentCustomer("checkApplicant", "POST") })
    .post(CUSTOMER_THROUGH_INGRESS, answer, {
      ...applicant,
      detail: documentCustomer("checkApplicantThroughIngress", "POST"),
    });
}
