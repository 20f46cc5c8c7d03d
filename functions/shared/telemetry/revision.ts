/** A DNS label, the form in which Knative names services and revisions. */
export const DNS_LABEL = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";

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
