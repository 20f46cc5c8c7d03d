import { Elysia } from "elysia";
import { ContractError } from "../shared/http/errors.ts";
import { REVISION_HEADER } from "../shared/telemetry/revision.ts";
import { APPLICATION } from "../shared/http/requests.ts";
import { createService, type Handling, type ServiceDeps } from "../shared/service.ts";
import { describeApi, documentCheck, documentReport } from "./docs.ts";
import { creditCheckError } from "./model.ts";
import type { Variant } from "./variant.ts";

/** What a credit check is made of: which one it is, under which revision, and what every service has. */
export interface CreditCheckDeps extends ServiceDeps {
  readonly variant: Variant;
  readonly revision: string;
}

const PREFIX = "/credit-check/";

/** Makes the credit check of one variant. */
export const createApp = (deps: CreditCheckDeps) =>
  createService(deps, {
    routes: (handling) => checks(handling, deps.variant),
    description: describeApi(deps.variant),
    headers: { [REVISION_HEADER]: deps.revision },
    unforeseen: (route) =>
      route.startsWith(PREFIX) ? new ContractError(500, creditCheckError()) : undefined,
  });

function checks(handling: Handling, variant: Variant) {
  const response = { 200: variant.answer };
  const check = variant.later === true ? async () => variant.check() : variant.check;
  return new Elysia({ name: "credit-check", ...APPLICATION })
    .use(handling)
    .get(`${PREFIX}${variant.name}`, check, { response, detail: documentCheck(variant) })
    .get(`${PREFIX}report`, check, { response, detail: documentReport(variant) });
}
