import { Elysia, t } from "elysia";
import { readLimitedBody } from "../shared/http/body-limit.ts";
import type { Call } from "../shared/http/call.ts";
import { documentRoute } from "../shared/docs/openapi.ts";
import { APPLICATION } from "../shared/http/requests.ts";
import { createService, type Handling, type ServiceDeps } from "../shared/service.ts";
import { SHADOW_HEADER } from "./ask-version.ts";
import { Comparer, type ComparerOptions } from "./comparer.ts";
import { ShadowCounts, shadowCounts, shadowMetrics } from "./model.ts";

/** The dependencies of the comparison, and those of every service. */
export interface ShadowDeps extends ServiceDeps, Omit<ComparerOptions, keyof ServiceDeps> {
  readonly clock: () => number;
}

/** The path of the counts. Requests to all other paths, except probes, are mirrored requests. */
export const COUNTS_PATH = "/shadow/counts";

const Taken = t.Object({ taken: t.Boolean() });

/** Makes the service. It answers a mirrored request before it calls the versions. */
export const createApp = (deps: ShadowDeps) => {
  const comparer = new Comparer(deps);
  const process = { instance: deps.newId(), startedMs: deps.now() };
  deps.metrics.append(() => shadowMetrics(comparer.progress).trimEnd());
  return createService(deps, {
    routes: (handling) =>
      routes(handling, comparer, () => shadowCounts(comparer.progress, deps.rules, process)),
    description: {
      title: "Shadow comparison",
      version: "v1",
      description:
        "Receives copies of requests, calls two versions of a service, and counts by field how their answers differ.",
      schemas: { ShadowCounts },
      headers: { "x-request-id": "The request's id: the caller's, or a new one" },
    },
    headers: {},
    unforeseen: () => undefined,
  });
};

function routes(handling: Handling, comparer: Comparer, counts: () => ShadowCounts) {
  return new Elysia({ name: "kyc-shadow", ...APPLICATION })
    .use(handling)
    .get(COUNTS_PATH, counts, {
      response: { 200: ShadowCounts },
      detail: documentRoute({
        operationId: "counts",
        tag: "Shadow",
        summary: "The counts so far",
        description: "Counts and keyed hashes since the process started.",
        answers: {
          200: {
            description: "The counts",
            schema: "ShadowCounts",
            headers: ["x-request-id"],
            examples: { none: { summary: "Nothing was compared yet", value: NOTHING } },
          },
        },
      }),
    })
    .all("/*", async ({ call, request }) => ({ taken: await take(comparer, call, request) }), {
      parse: "none",
      response: { 200: Taken },
      detail: { hide: true },
    });
}

async function take(comparer: Comparer, { requestId, span }: Call, request: Request): Promise<boolean> {
  if (request.headers.has(SHADOW_HEADER)) {
    comparer.drop("own");
    return false;
  }
  const { method, headers } = request;
  const { pathname, search } = new URL(request.url);
  const body = await readLimitedBody(request).catch(() => undefined);
  if (body === undefined) {
    comparer.drop("unreadable");
    return false;
  }
  return (
    comparer.take({ method, path: `${pathname}${search}`, headers, body, requestId, span }) !== undefined
  );
}

const NOTHING: ShadowCounts = {
  instance: "2f4cf9b0-5f9e-4a6c-9d0b-3f6b7a1f0c11",
  startedMs: 1_767_323_045_000,
  pairs: 0,
  received: 0,
  running: 0,
  unconfirmed: 0,
  dropped: { busy: 0, rate: 0, draining: 0, own: 0, unreadable: 0 },
  revisions: { control: [], candidate: [] },
  ignored: [{ name: "type", reason: "names the version" }],
  fields: {},
  segments: [],
  mismatches: [],
};
