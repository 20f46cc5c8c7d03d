/** A DNS label, the form in which Knative names services and revisions. */
export const DNS_LABEL = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";

/** The response header that names the revision which answered. */
export const REVISION_HEADER = "x-kyc-revision";

const REVISION = new RegExp(DNS_LABEL);

/**
 * The revision that a response names, or undefined. A value that is not a valid name is ignored, because it would appear in
 * this service's own response and in a metric.
 */
export function revisionOf(headers: Headers): string | undefined {
  const name = headers.get(REVISION_HEADER);
  return name !== null && REVISION.test(name) ? name : undefined;
}
