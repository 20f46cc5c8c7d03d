import { Elysia, type AnyElysia } from "elysia";
import type { ApiDescription } from "./docs/api-document.ts";
import { docs } from "./docs/docs.ts";
import { createAnswers } from "./http/answers.ts";
import type { ContractError } from "./http/errors.ts";
import { probes } from "./http/probes.ts";
import { createPathTable } from "./http/path-table.ts";
import { APPLICATION, requests, type RequestDeps } from "./http/requests.ts";

/** The dependencies of every service. */
export interface ServiceDeps extends Omit<RequestDeps, "paths" | "answers" | "unforeseen"> {}

/** The parts that are specific to a service. */
export interface ServiceParts {
  /** Makes the service's routes on top of the plugin that handles requests. */
  readonly routes: (handling: Handling) => AnyElysia;
  readonly description: ApiDescription;
  /** Headers of all its responses. */
  readonly headers: Readonly<Record<string, string>>;
  /** See `ErrorDeps`. */
  readonly unforeseen: (route: string) => ContractError | undefined;
}

/** The plugin that the routes of a service are made on top of. */
export type Handling = ReturnType<typeof requests>;

/** Assembles a service, without starting to listen. */
export function createService(deps: ServiceDeps, parts: ServiceParts) {
  const paths = createPathTable();
  const answers = createAnswers(parts.headers);
  const handling = requests({ ...deps, paths, answers, unforeseen: parts.unforeseen });
  const routes = parts.routes(handling);
  const app = new Elysia(APPLICATION)
    .use(handling)
    .use(probes(deps.activity, deps.metrics))
    .use(docs(() => ({ description: parts.description, routes })))
    .use(routes);
  paths.learn(app.routes);
  return app;
}
