/** Thrown if the caller closes its connection before its request is complete or answered. */
export class CallerGone extends Error {
  override name = "CallerGone";
}

/** Thrown for an invalid request. `detail` is one sentence for the caller. */
export class BadRequest extends Error {
  override name = "BadRequest";

  readonly status: number;
  readonly detail: string;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
    this.detail = detail;
  }
}

/**
 * Refuses invalid requests that Bun accepts (RFC 9112, sections 3.2 and 3.2.1).
 * @throws {BadRequest} if the target has a fragment, or there is more than one Host header
 */
export function refuseMalformed(request: Request): void {
  if (request.url.includes("#")) throw new BadRequest(400, "The request's target has a fragment.");
  // Bun joins the values of a header that occurs more than once.
  if (request.headers.get("host")?.includes(", ") === true) {
    throw new BadRequest(400, "The request has more than one Host header.");
  }
}
