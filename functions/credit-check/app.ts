import { Elysia } from "elysia";
import { Applicant } from "../shared/applicant.ts";
import { ContractError } from "../shared/http/errors.ts";
import { readJsonBody } from "../shared/http/json-body.ts";
import { REVISION_HEADER } from "../shared/telemetry/revision.ts";
import { APPLICATION } from "../shared/http/requests.ts";
import { createService, type Handling, type ServiceDeps } from "../shared/service.ts";
import { describeApi, documentCheck, documentReport } from "./docs.ts";
import { creditCheckError } from "./model.ts";
import type { ScreeningContext } from "./rules/screen.ts";
import type { Variant } from "./variant.ts";

/** The dependencies of a credit check: its variant, its revision, and those of every service. */
export interface CreditCheckDeps extends ServiceDeps {
  readonly variant: Variant;
  readonly revision: string;
  /** The context of a request. */
  readonly context: () => ScreeningContext;
}

const PREFIX = "/credit-check/";

/** Makes the credit check of one variant. */
export const createApp = (deps: CreditCheckDeps) =>
  createService(deps, {
    routes: (handling) => checks(handling, deps),
    description: describeApi(deps.variant),
    headers: { [REVISION_HEADER]: deps.revision },
    unforeseen: (route) =>
      route.startsWith(PREFIX) ? new ContractError(500, creditCheckError()) : undefined,
  });

function checks(handling: Handling, { variant, context }: CreditCheckDeps) {
  const response = { 200: variant.answer };
  const schemas = { body: Applicant, parse: readJsonBody, response };
  const withoutApplicant = () => variant.check(undefined, context());
  const about = ({ body }: { body: Applicant }) => variant.check(body, context());
  // Elysia awaits the result if the function's source text looks asynchronous, and any returned call does. A bound
  // function has no source text.
  const check = variant.later === true ? async () => withoutApplicant() : withoutApplicant.bind(undefined);
  const screen = variant.later === true ? async (asked: { body: Applicant }) => about(asked) : about;
  const own = `${PREFIX}${variant.name}`;
  const shared = `${PREFIX}report`;
  return new Elysia({ name: "credit-check", ...APPLICATION })
    .use(handling)
    .get(own, check, { response, detail: documentCheck(variant) })
    .get(shared, check, { response, detail: documentReport(variant) })
    .post(own, screen, { ...schemas, detail: documentCheck(variant, "POST") })
    .post(shared, screen, { ...schemas, detail: documentReport(variant, "POST") });
}
