import { DNS_LABEL } from "../config.ts";

/** The response header that names the revision which answered. */
export const REVISION_HEADER = "x-kyc-revision";

const REVISION = new RegExp(DNS_LABEL);

/**
 * The revision that an answer names, where it names one. What does not look like a revision is not
 * taken for one: it would end up in our own answer and in a metric.
 */
export function revisionOf(headers: Headers): string | undefined {
  const name = headers.get(REVISION_HEADER);
  return name !== null && REVISION.test(name) ? name : undefined;
}
