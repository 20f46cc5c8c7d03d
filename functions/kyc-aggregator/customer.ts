import type { Context } from "elysia";
import type { Applicant } from "../shared/applicant.ts";
import type { Call } from "../shared/http/call.ts";
import { REVISION_HEADER } from "../shared/telemetry/revision.ts";
import { UpstreamFailure, type Upstream } from "../shared/upstream/upstream.ts";
import { BUCKET_HEADER, type BucketOf } from "./bucket.ts";
import { creditCheckFailed } from "./failure.ts";
import { toCustomer, type CreditCheckAnswer, type Customer } from "./model.ts";

/** The input of the handler; a GET has no applicant. */
export interface CustomerRequest extends Pick<Context, "request"> {
  call: Call;
  body?: Applicant | undefined;
}

/** Answers with the credit check's findings and the revision that made them. */
export const customer =
  (creditCheck: Upstream<CreditCheckAnswer>, bucketOf: BucketOf) =>
  async ({ body: applicant, call, request }: CustomerRequest): Promise<Customer> => {
    // Findings about an applicant, and the version that made them, must not be cached.
    call.headers = { "cache-control": "no-store" };
    try {
      const { body, revision } = await creditCheck.ask(creditCheckPath(request.url), request, call, {
        body: applicant,
        headers: { [BUCKET_HEADER]: bucketOf(applicant?.applicantId) },
      });
      if (revision !== undefined) call.headers[REVISION_HEADER] = revision;
      return toCustomer(body);
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error;
      if (error.revision !== undefined) call.headers[REVISION_HEADER] = error.revision;
      throw creditCheckFailed(error.outcome);
    }
  };

const PATHS: Readonly<Record<string, string>> = {
  basicReport: "/credit-check/basic",
  advancedReport: "/credit-check/advanced",
};
const SPLIT = "/credit-check/report";

/**
 * The credit check's path for a request to the aggregator, by its `type`. Any value except exactly one of the two report
 * types, given once, leaves the choice to the traffic split.
 */
export function creditCheckPath(requestUrl: string): string {
  const start = requestUrl.indexOf("?");
  if (start === -1) return SPLIT;
  const types = new URLSearchParams(requestUrl.slice(start + 1)).getAll("type");
  const [type = ""] = types;
  if (types.length !== 1 || !Object.hasOwn(PATHS, type)) return SPLIT;
  return PATHS[type] ?? SPLIT;
}
